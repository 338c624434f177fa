"""`simnet check` tells which streams have side information that nothing uses."""

import pytest

from simnet import notices, scenario
from simnet.engine import preflight


def told(caplog: pytest.LogCaptureFixture, *overrides: str) -> list[str]:
    caplog.clear()
    notices.tell.cache_clear()
    preflight.tell_unused_side(scenario.load("stereo_pair", list(overrides)))
    return caplog.messages


def test_codec_without_use_for_side_information_is_told_with_a_remedy(caplog: pytest.LogCaptureFixture) -> None:
    (line,) = told(caplog, "streams.*.codec=jpeg")
    assert line == (
        "streams.rig_left/left: codec jpeg does not use its side_information; "
        "expected codec: atn, jpeg+fuse, or side_information: []"
    )


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("streams.*.codec=jpeg+fuse",),
        ("streams.*.codec=jpeg", "streams.*.side_information=[]"),
        ("streams.*.codec=hevc-intra", "streams.*.slices=4", "streams.*.concealment=side"),
    ],
)
def test_nothing_is_told_where_it_is_used(caplog: pytest.LogCaptureFixture, overrides: tuple[str, ...]) -> None:
    assert told(caplog, *overrides) == []
