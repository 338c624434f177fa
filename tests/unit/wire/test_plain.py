"""Records travel as plain data and come back equal, or are refused."""

import pytest

from simnet.errors import WireError
from simnet.records import LinkConfig, LossConfig, Outcome, RateConfig, StreamConfig, Trajectory
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
    assert from_plain(type(record), unpack_records(pack_records(record))) == record


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
    with pytest.raises(WireError):
        unpack_records(b"\xc1")
