"""Who may join: every objection says what was expected, and what is missing is what nobody carries."""

from dataclasses import replace

import pytest

from simnet.errors import InputError
from simnet.wire import endpoint
from simnet.wire.membership.admission import HostClaim, NodeRoster, host_name
from simnet.wire.protocol.messages import Message, pack, unpack

ROSTER = NodeRoster(("car", "van", "mast"), "d1", "1.0")
CAR = HostClaim("camera car", ("car",), scenario="d1", version="1.0")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"version": "0.9"}, "runs simnet 0.9; expected the broker's 1.0"),
        ({"scenario": "d2"}, "another scenario file"),
        ({"nodes": ("bus",)}, "no node 'bus' that sends; expected one of: car, van, mast"),
        ({"nodes": ("van", "car")}, "car is carried by another host already; expected what is missing: van, mast"),
        ({"nodes": (), "fusion": True}, None),
        ({"nodes": ("van", "van")}, "claims van twice; expected"),
        ({"nodes": ()}, "claims no node; expected"),
        ({"nodes": ("van", "mast")}, None),
    ],
)
def test_objections(changes: dict, complaint: str | None) -> None:
    found = ROSTER.objection(replace(CAR, **changes), [CAR])
    assert found is None if complaint is None else complaint in found


def test_who_comes_to_a_full_house_is_told_so() -> None:
    all_there = [replace(CAR, nodes=ROSTER.nodes), replace(CAR, host="fusion", nodes=(), fusion=True)]
    assert ROSTER.objection(CAR, all_there) == (
        "car is carried by another host already; expected nobody else, all have come"
    )


def test_fusion_is_carried_once() -> None:
    fusion = replace(CAR, host="fusion", nodes=(), fusion=True)
    both = replace(CAR, host="fusion and camera van", nodes=("van",), fusion=True)
    assert "fusion is carried by another host already" in ROSTER.objection(both, [fusion])
    assert ROSTER.missing([CAR]) == ["van", "mast", "fusion"]
    assert ROSTER.missing([CAR, both]) == ["mast"]


def test_a_claim_survives_the_wire() -> None:
    assert HostClaim.of(unpack(pack(CAR.hello()))) == CAR
    assert Message("hello", CAR.hello().header) == CAR.hello()


def test_names_tell_what_a_host_carries_and_no_two_are_alike() -> None:
    names = [host_name(*each) for each in ((("a", "b"), False), ((), True), (("fusion",), False), (("a",), True))]
    assert names == ["camera a+b", "fusion", "camera fusion", "fusion and camera a"]


@pytest.mark.parametrize(
    "good", ["tcp://0.0.0.0:5555", "tcp://*:5555", "tcp://[::1]:80", "tcp://a-b.c_d:*", "ipc:///x"]
)
def test_places_to_listen(good: str) -> None:
    assert endpoint.check(good, listens=True) == good


@pytest.mark.parametrize(
    "bad",
    ["", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:65535", "tcp://host:*", "udp://host:5", "ipc://", "h:1"],
)
def test_places_that_are_none_to_connect_to(bad: str) -> None:
    with pytest.raises(InputError, match="expected tcp://ADDRESS:PORT"):
        endpoint.check(bad, listens=False)
