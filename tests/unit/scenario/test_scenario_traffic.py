"""What a scenario may say of background traffic."""

import pytest

from simnet import scenario
from simnet.records import TrafficConfig

MS, SECOND = 1_000_000, 1_000_000_000
GREEDY = TrafficConfig("greedy", 1500, rtt_ns=50 * MS, window_bytes=4_000_000)


def on_link(written: str) -> tuple[str, str]:
    return "400 kbit/s}", f"400 kbit/s, traffic: {written}}}"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2 Mbit/s", (TrafficConfig("poisson", 1500, 2e6),)),
        ("greedy", (GREEDY,)),
        ("none", ()),
        (
            "[{rate: 1 Mbit/s, packet: 200 B, from: 1 s, until: 2 s}, greedy]",
            (TrafficConfig("poisson", 200, 1e6, begin_ns=SECOND, end_ns=2 * SECOND), GREEDY),
        ),
        (
            "{kind: on-off, rate: 1 Mbit/s, busy: 20 ms, flows: 3, priority: 2}",
            (TrafficConfig("on-off", 1500, 1e6, 20 * MS, 20 * MS, flows=3, priority=2),),
        ),
        (
            "{kind: on-off, rate: 1 Mbit/s, busy: 20 ms, idle: 0 s}",
            (TrafficConfig("on-off", 1500, 1e6, 20 * MS, 0),),
        ),
        (
            "{kind: greedy, rtt: 20 ms, window: 64 kB}",
            (TrafficConfig("greedy", 1500, rtt_ns=20 * MS, window_bytes=64_000),),
        ),
    ],
)
def test_traffic_is_of_one_way_and_reads_back(write, tmp_path, written, meant):
    loaded = scenario.load(write(on_link(written)))
    found = {link.name: link.traffic for link in loaded.links}
    assert (found["up"], found["up.return"], found["up_van"]) == (meant, (), ())
    out = tmp_path / "out.yaml"
    out.write_text(scenario.dump(loaded), encoding="utf-8")
    assert scenario.load(str(out)).links == loaded.links


def test_way_back_has_traffic_of_its_own(write):
    loaded = scenario.load(write(("400 kbit/s}", "400 kbit/s, return: {mtu: 600 B, traffic: greedy}}")))
    found = {link.name: link.traffic for link in loaded.links}
    assert found["up"] == ()
    assert [each.packet_bytes for each in found["up.return"]] == [600]


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("fast", "9:61: links.up.traffic: 'fast' is no number with a unit; expected a value such as '20 Mbit/s'"),
        ("{kind: gredy}", "9:68: links.up.traffic.kind: 'gredy' is unknown (did you mean 'greedy'?)"),
        ("{kind: on-off, rate: 1 Mbit/s}", "on-off traffic without the duration of a burst; expected busy: 200 ms"),
        ("{packet: 60 B}", "links.up.traffic: poisson traffic without rate; expected rate: 2 Mbit/s"),
        ("{kind: greedy, rate: 1 Mbit/s}", "rate given with kind greedy; expected kind: poisson or on-off"),
        ("[greedy, {rate: 1 Mbit/s, packet: 2 kB}]", "traffic.1.packet: packets of 2000 B over an mtu of 1500 B"),
        ("{kind: greedy, from: 2 s, until: 1 s}", "traffic from 2 s until 1 s; expected it to end after it begins"),
    ],
)
def test_traffic_faults_are_one_line(refusal, written, fault):
    assert fault in refusal(on_link(written))
