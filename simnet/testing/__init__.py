"""Conformance suites for codecs, worlds, rate controls and links, of simnet and of plug-ins.

    from simnet import testing

    def test_mine():
        testing.check_codec("my_codec")          # an installed plug-in or one of simnet's own, by name ...
        testing.check_codec(my_package.MyCodec)  # ... or the object that an entry point names

Each suite is a tuple of checks: functions of one subject that raise an AssertionError that states the expectation. `check_*` runs
a whole suite. pytest can also run the checks one by one: `@pytest.mark.parametrize("check", testing.CODEC_CHECKS)`. The suites do
not need pytest. simnet's own tests run them on all of simnet's codecs, worlds, rate controls and links.
"""

from simnet.testing.codec_suite import CODEC_CHECKS, CodecUnderTest, check_codec
from simnet.testing.link_suite import LINK_CHECKS, LinkUnderTest, check_link
from simnet.testing.rate_suite import RATE_CHECKS, RateUnderTest, check_rate_control
from simnet.testing.require import run
from simnet.testing.world_suite import WORLD_CHECKS, WorldUnderTest, check_world

__all__ = [
    "CODEC_CHECKS",
    "LINK_CHECKS",
    "RATE_CHECKS",
    "WORLD_CHECKS",
    "CodecUnderTest",
    "LinkUnderTest",
    "RateUnderTest",
    "WorldUnderTest",
    "check_codec",
    "check_link",
    "check_rate_control",
    "check_world",
    "run",
]
