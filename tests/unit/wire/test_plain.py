"""Records travel as plain data and come back equal, or are refused."""

import math

import msgspec
import pytest

from simnet.errors import WireError
from simnet.records import Announcement, LinkConfig, LossConfig, Outcome, RateConfig, StreamConfig, Trajectory
from simnet.records.grants import Decision
from simnet.wire.protocol.serialization import (
    from_plain,
    pack_records,
    to_plain,
    unpack_records,
)

LINK = LinkConfig("up", "a", "b", 2e6, loss=LossConfig("independent", 0.01), ladder=((10.0, 1e6), (20.0, 5e5)))


@pytest.mark.parametrize(
    "record",
    [
        LINK,
        StreamConfig(
            "a/front",
            "jpeg",
            rate=RateConfig("target", target_bps=3e5),
            side_information=("b/x", "previous"),
            side_lags_ns=(5, 0),
        ),
    ],
)
def test_records_round_trip(record: LinkConfig) -> None:
    assert unpack_records(type(record), pack_records(record)) == record


def test_integers_pass_for_floats_only() -> None:
    assert from_plain(Trajectory, {**to_plain(Trajectory(((0.0, 0.0, 0.0),))), "speed_mps": 3}).speed_mps == 3.0
    with pytest.raises(WireError, match="mtu_bytes"):
        from_plain(LinkConfig, {**to_plain(LINK), "mtu_bytes": 1500.0})


def test_enumerations_travel_as_their_values() -> None:
    assert to_plain(Outcome.LATE) == "late"


@pytest.mark.parametrize("data", [None, [], {}, {**to_plain(LINK), "extra": 1}, {**to_plain(LINK), "ladder": [[1.0]]}])
def test_wrong_shapes_are_refused(data: object) -> None:
    with pytest.raises(WireError):
        from_plain(LinkConfig, data)


def test_bytes_that_are_not_msgpack_are_refused() -> None:
    with pytest.raises(WireError, match="LinkConfig: not msgpack"):
        unpack_records(LinkConfig, b"\xc1")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"extra": 1}, "unknown field `extra`"),
        ({"delay_ns": [[[]]]}, r"Expected `int`, got `array` - at `\$.delay_ns`"),
        ({"loss": "much"}, r"Expected `object`, got `str` - at `\$.loss`"),
        ({"bandwidth_bps": math.nan}, r"at `\$.bandwidth_bps`"),
        ({"bandwidth_bps": math.inf}, r"at `\$.bandwidth_bps`"),
    ],
)
def test_foreign_records_are_refused_by_field(changed: dict[str, object], said: str) -> None:
    with pytest.raises(WireError, match=f"^LinkConfig: .*{said}"):
        unpack_records(LinkConfig, msgspec.msgpack.encode({**to_plain(LINK), **changed}))


@pytest.mark.parametrize("depth", [900, 1000, 5000, 100_000])
def test_deep_structures_are_never_descended_into(depth: int) -> None:
    deep = b"\x91" * depth + b"\x00"
    for data in (deep, b"\x81\xa4name" + deep, b"\x81\xa1q" + deep):
        with pytest.raises(WireError):
            unpack_records(LinkConfig, data)
        with pytest.raises(WireError):
            unpack_records(dict[str, Announcement], data)


def test_enumerations_refuse_nested_values() -> None:
    nested: list[object] = []
    for _ in range(2000):
        nested = [nested]
    with pytest.raises(WireError, match=r"^Decision.outcome: a list; expected Outcome"):
        from_plain(Decision, {**to_plain(Decision("a", 1, Outcome.LOST)), "outcome": nested})
