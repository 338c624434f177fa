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
        ({"nodes": ("van", "car")}, "car runs on another host already; expected what is missing: van, mast"),
        ({"nodes": (), "fusion": True}, None),
        ({"nodes": ("van", "van")}, "claims van twice; expected"),
        ({"nodes": ()}, "claims no node; expected"),
        ({"nodes": ("van", "mast")}, None),
    ],
)
def test_roster_objects_to_wrong_claims(changes: dict, complaint: str | None) -> None:
    claim = replace(CAR, **changes)
    found = ROSTER.objection(replace(claim, host=host_name(claim.nodes, claim.fusion)), [CAR])
    assert found is None if complaint is None else complaint in found


def test_surplus_host_is_refused_with_reason() -> None:
    all_there = [
        replace(CAR, host=host_name(ROSTER.nodes, False), nodes=ROSTER.nodes),
        replace(CAR, host="fusion", nodes=(), fusion=True),
    ]
    assert ROSTER.objection(CAR, all_there) == (
        "car runs on another host already; expected no further host, the run is complete"
    )


def test_fusion_is_claimed_once() -> None:
    fusion = replace(CAR, host="fusion", nodes=(), fusion=True)
    both = replace(CAR, host="fusion and camera van", nodes=("van",), fusion=True)
    assert "fusion runs on another host already" in ROSTER.objection(both, [fusion])
    assert ROSTER.missing([CAR]) == ["van", "mast", "fusion"]
    assert ROSTER.missing([CAR, both]) == ["mast"]


def test_claim_survives_the_wire() -> None:
    assert HostClaim.of(unpack(pack(CAR.hello()))) == CAR
    assert Message("hello", CAR.hello().header) == CAR.hello()


def test_host_names_are_unique_and_list_their_nodes() -> None:
    names = [host_name(*each) for each in ((("a", "b"), False), ((), True), (("fusion",), False), (("a",), True))]
    assert names == ["camera a+b", "fusion", "camera fusion", "fusion and camera a"]


@pytest.mark.parametrize(
    "good", ["tcp://0.0.0.0:5555", "tcp://*:5555", "tcp://[::1]:80", "tcp://a-b.c_d:*", "ipc:///x"]
)
def test_valid_listen_endpoints_are_accepted(good: str) -> None:
    assert endpoint.check(good, listens=True) == good


@pytest.mark.parametrize(
    "bad",
    ["", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:65535", "tcp://host:*", "udp://host:5", "ipc://", "h:1"],
)
def test_bad_connect_endpoints_are_refused(bad: str) -> None:
    with pytest.raises(InputError, match="expected tcp://ADDRESS:PORT"):
        endpoint.check(bad, listens=False)
