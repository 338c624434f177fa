"""What a scenario may say of a stream's transport."""

import pytest

from simnet import scenario
from simnet.records import TransportConfig


def of_car(file: str, *overrides: str) -> TransportConfig:
    return next(s.transport for s in scenario.load(file, overrides).streams if s.name == "car/front")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("none", TransportConfig()),
        ("retransmission", TransportConfig("retransmission")),
        (
            "{kind: retransmission, timeout: 40 ms, retries: 3}",
            TransportConfig("retransmission", timeout_ns=40_000_000, retries=3),
        ),
        ("{kind: fec, repair: 25 %}", TransportConfig("fec", repair=0.25)),
    ],
)
def test_transport_is_a_name_or_mapping(write, tmp_path, written, meant):
    file = write(("codec: jpeg", f"codec: jpeg, transport: {written}"))
    assert of_car(file) == meant
    out = tmp_path / "out.yaml"
    out.write_text(scenario.dump(scenario.load(file)), encoding="utf-8")
    assert of_car(str(out)) == meant
    assert of_car(write(), f"streams.car/*.transport={written}") == meant


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        (
            "fec",
            "13:39: streams.car/front.transport: 'fec' is no transport; expected none, retransmission or {kind: fec",
        ),
        ("{kind: fec}", "13:39: streams.car/front.transport: fec without repair packets; expected repair: 25 %"),
        ("{repair: 5 %}", "streams.car/front.transport: repair given with kind none; expected kind: fec"),
        ("{kind: fec, repair: 5 %, retries: 2}", "retries given with kind fec; expected kind: retransmission"),
        ("{kind: arq}", "13:46: streams.car/front.transport.kind: 'arq' is unknown; expected 'none', 'retransmission'"),
    ],
)
def test_transport_faults_name_line_and_key(refusal, written, fault):
    assert fault in refusal(("codec: jpeg", f"codec: jpeg, transport: {written}"))


def test_retransmission_needs_a_return_route(refusal):
    said = refusal(
        ("400 kbit/s}", "400 kbit/s, return: none}"), ("codec: jpeg", "codec: jpeg, transport: retransmission")
    )
    assert "13:39: streams.car/front.transport: no way back from fusion at 'mast' to 'car'" in said
