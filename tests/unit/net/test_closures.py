"""Outages, propagation over a distance, and hand-over: what passes when."""

from __future__ import annotations

import pytest
import simpy

from simnet.errors import InputError
from simnet.net import Link, Network
from simnet.records import HandoverConfig, LinkConfig

MS = 1_000_000
SECOND = 1000 * MS


def test_outage_loses_only_packets_sent_or_in_flight(config):
    # 1 ms to send and 2 ms on the air; nothing passes from 10 to 20 ms.
    link = Link(config(delay_ns=2 * MS, outages=((10 * MS, 20 * MS), (30 * MS, 31 * MS))), 1, lambda *_: 0.0)
    passed = {t_ms: link.offer(t_ms * MS, [1000])[0][1] for t_ms in range(40)}
    assert [t_ms for t_ms, arrived in passed.items() if not arrived] == [*range(8, 20), 28, 29, 30]


def test_link_in_outage_is_the_last_resort(config):
    env = simpy.Environment()
    links = [config("near", outages=((SECOND, 2 * SECOND),)), config("far", delay_ns=MS)]
    network = Network(env, links, 1, lambda *_: 0.0)
    routes = []
    for t_ms in (999, 1000, 1999, 2000):
        env.run(until=t_ms * MS)
        routes += network.route("A", "B")
    assert routes == ["near", "far", "far", "near"]


@pytest.mark.parametrize("outages", [((5, 5),), ((5, 9), (8, 12)), ((9, 12), (5, 8)), ((-1, 3),)])
def test_unordered_outages_are_refused(config, outages):
    with pytest.raises(InputError, match=r"^link 'a': outages are .* expected ascending"):
        Link(config(outages=outages), 1, lambda *_: 0.0)


def test_propagation_uses_the_distance_at_departure(config, run):
    def leaving(_source: str, _target: str, t_ns: int) -> float:
        return t_ns / 1e3  # a kilometre a millisecond

    (transfer,) = run([config(propagation_mps=3e8, delay_ns=7)], [(0, "A", "B", 29_960)], distance_m=leaving)
    # 21 packets, 30.8 ms, 30.8 km.
    assert transfer.arrived_ns == 30_800_000 + 7 + round(30_800 / 3e8 * SECOND)
    with pytest.raises(InputError, match=r"propagation is 0\.0 m/s"):
        Link(config(propagation_mps=0.0), 1, leaving)


def cells(hysteresis_m: float = 0.0, gap_ns: int = 0, period_ns: int = 100 * MS, **changes: object) -> list[LinkConfig]:
    """A car between two masts, one at 0 m and one at 100 m, both ways to each."""
    choice = HandoverConfig("cell", "car", hysteresis_m, gap_ns, period_ns)
    numbers = {"bandwidth_bps": 8e6, "handover": choice, "overhead_bytes": 0, "queue_bytes": 10**9} | changes
    ends = [("car", "west"), ("west", "car"), ("car", "east"), ("east", "car"), ("west", "hub"), ("east", "hub")]
    return [
        LinkConfig(f"{a}-{b}", a, b, **(numbers | ({} if "car" in {a, b} else {"handover": None}))) for a, b in ends
    ]


def position_m(t_ns: int) -> float:
    """There and back at 10 m/s: 100 m after 10 s, 0 m again after 20 s."""
    t_s = t_ns / SECOND % 20
    return 10 * min(t_s, 20 - t_s)


def distance_m(source: str, target: str, t_ns: int) -> float:
    places = {"west": 0.0, "east": 100.0, "hub": 50.0, "car": position_m(t_ns)}
    return abs(places[source] - places[target])


def test_handover_requires_the_margin():
    # Half way after 5 s; 20 m nearer after 6 s, the margin exceeded at the next comparison.
    def changes(**numbers: float) -> list[tuple[int, str]]:
        env = simpy.Environment()
        network = Network(env, cells(**numbers), 1, distance_m)
        env.run(until=20 * SECOND)
        return [(event.time_ns // MS, event.detail) for event in network.events()]

    assert changes() == [(5100, "from west to east"), (15_100, "from east to west")]
    assert changes(hysteresis_m=20.0) == [(6100, "from west to east"), (16_100, "from east to west")]
    assert changes(hysteresis_m=20.0, period_ns=SECOND) == [(7000, "from west to east"), (17_000, "from east to west")]
    assert changes(hysteresis_m=101.0) == []


def test_traffic_follows_handover_after_the_gap():
    env = simpy.Environment()
    network = Network(env, cells(gap_ns=300 * MS, delay_ns=MS), 1, distance_m)
    passed: dict[int, bool] = {}
    ways: dict[int, str] = {}

    def send(event: simpy.Event) -> None:
        t_ms = event.value
        ways[t_ms] = network.route("car", "hub")[0]
        network.send("car", "hub", 1000, lambda transfer: passed.update({t_ms: transfer.complete}))

    for t_ms in range(0, 9000, 10):
        env.timeout(t_ms * MS, t_ms).callbacks.append(send)
    env.run()
    # Sent at 5090 ms it arrives at the mast at 5092 ms, in time; from the change at 5100 ms on nothing passes for 300 ms.
    assert [t_ms for t_ms, arrived in passed.items() if not arrived] == list(range(5100, 5400, 10))
    assert {ways[t_ms] for t_ms in ways if t_ms < 5100} == {"car-west"}
    assert {ways[t_ms] for t_ms in ways if t_ms >= 5400} == {"car-east"}


def test_handover_loses_packets_queued_at_old_point():
    env = simpy.Environment()
    network = Network(env, cells(delay_ns=20 * MS), 1, distance_m)
    ended = []
    env.timeout(5000 * MS).callbacks.append(lambda _: network.send("car", "west", 150_000, ended.append))
    env.timeout(5000 * MS).callbacks.append(lambda _: network.send("west", "car", 150_000, ended.append))
    env.run()
    # 1.5 ms a packet and 20 ms on the air: 53 of 100 are there before 5100 ms.
    assert [transfer.packets_lost for transfer in ended] == [47, 47]


def test_faulty_hand_overs_are_refused():
    links = cells()
    for changed, message in [
        (HandoverConfig("cell", "car", 1.0), "differs from that of another link"),
        (HandoverConfig("other", "bus"), "'bus' of its hand-over is at neither end"),
        (HandoverConfig("other", "car", period_ns=0), "hand-over 'other' of 'car'"),
    ]:
        faulty = LinkConfig("x", "car", "east", 1e6, handover=changed)
        with pytest.raises(InputError, match=message):
            Network(simpy.Environment(), [*links, faulty], 1, distance_m)


def test_outages_emit_begin_and_end_events(config):
    env = simpy.Environment()
    network = Network(env, [config(outages=((SECOND, 2 * SECOND), (4 * SECOND, 5 * SECOND)))], 1, distance_m)
    env.run(until=4 * SECOND)
    found = [(event.time_ns // SECOND, event.where, event.kind) for event in network.events()]
    assert found == [(1, "a", "outage begins"), (2, "a", "outage ends"), (4, "a", "outage begins")]
