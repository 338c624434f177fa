"""Background traffic: against a plain packet-by-packet simulation, and against the laws of its sources.

A --a--> C --c--> D        every link has traffic of its own; streams of A and B share c
B --b--> C
"""

from __future__ import annotations

import math
from itertools import pairwise, takewhile

import pytest
import simpy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simnet import seeds
from simnet.errors import InputError
from simnet.net import Network
from simnet.net.traffic.greedy_flow import GreedyFlow
from simnet.net.traffic.open_loop import on_off_times, poisson_times
from simnet.records import LinkConfig, MediumConfig, TrafficConfig
from support.packet_simulation import UNTIL, PacketSimulation

MS, SECOND = 1_000_000, 1_000_000_000


@st.composite
def loads(draw) -> tuple[TrafficConfig, ...]:
    # Odd numbers of ns, so that two things seldom happen at once.
    kinds = {
        "poisson": st.builds(TrafficConfig, st.just("poisson"), st.integers(60, 1500), st.floats(1e5, 9e6)),
        "on-off": st.builds(
            TrafficConfig,
            st.just("on-off"),
            st.integers(200, 1500),
            st.floats(1e6, 9e6),
            st.integers(MS, 90 * MS),
            st.integers(0, 90 * MS),
        ),
        "greedy": st.builds(
            TrafficConfig,
            st.just("greedy"),
            st.integers(500, 1500),
            rtt_ns=st.integers(5 * MS, 60 * MS).map(lambda ns: ns | 1),
            window_bytes=st.integers(1500, 300_000),
            begin_ns=st.integers(0, 100 * MS),
            end_ns=st.none() | st.integers(100 * MS, 600 * MS),
        ),
    }
    return tuple(draw(st.lists(st.sampled_from(list(kinds)).flatmap(kinds.__getitem__), max_size=2)))


def link(name: str, source: str, target: str, **numbers) -> LinkConfig:
    return LinkConfig(name, source, target, **numbers)


@st.composite
def networks(draw) -> list[LinkConfig]:
    return [
        link(
            name,
            *ends,
            bandwidth_bps=float(draw(st.integers(1_000_003, 9_000_000))),
            delay_ns=draw(st.integers(0, 20 * MS)),
            queue_bytes=draw(st.integers(3_000, 60_000)),
            traffic=draw(loads()),
        )
        for name, ends in (("a", "AC"), ("b", "BC"), ("c", "CD"))
    ]


sends = st.lists(st.tuples(st.integers(0, UNTIL), st.sampled_from("ABC"), st.integers(1, 20_000)), max_size=15)


def simulated(links: list[LinkConfig], frames, media=()) -> tuple[list, Network]:
    env = simpy.Environment()
    network = Network(env, links, 7, lambda *_: 1.0, media, UNTIL)
    ended: dict[int, object] = {}
    for number, (t_ns, source, size) in enumerate(frames):

        def go(_event, number=number, source=source, size=size) -> None:
            network.send(source, "D", size, lambda transfer: ended.__setitem__(number, transfer))

        env.timeout(t_ns).callbacks.append(go)
    # Events of its own at the end, so that all traffic is over in both.
    env.timeout(5 * SECOND)
    env.run()
    return [ended[number] for number in range(len(frames))], network


IN_STEP = TrafficConfig("greedy", 1386, rtt_ns=38_059_737, window_bytes=6930, begin_ns=16_033)
"""A flow that hears of an arrival and of a loss at one instant."""


@settings(deadline=None, max_examples=30)
@given(links=networks(), frames=sends)
@example(
    [
        link("a", "A", "C", bandwidth_bps=1_000_003.0),
        link("b", "B", "C", bandwidth_bps=1_000_003.0),
        link(
            *("c", "C", "D"),
            bandwidth_bps=1_000_003.0,
            queue_bytes=3000,
            traffic=(TrafficConfig("poisson", 60, 1e5), IN_STEP),
        ),
    ],
    [],
)
def test_traffic_matches_packet_by_packet_simulation(links, frames):
    plain = PacketSimulation(links, 7)
    expected = [plain.send(*frame) for frame in frames]
    plain.run()
    transfers, network = simulated(links, frames)
    for transfer, arrivals in zip(transfers, expected, strict=True):
        assert transfer.packets_sent - transfer.packets_lost == len(arrivals)
        if transfer.complete:
            assert transfer.arrived_ns == max(arrivals)
    totals = {each.link: each for each in network.statistics()}
    assert {name: each.dropped_packets for name, each in totals.items()} == plain.dropped
    assert {name: each.delivered_bytes for name, each in totals.items()} == plain.carried
    for each in totals.values():
        assert each.in_flight_packets == 0
        assert each.sent_packets == each.delivered_packets + each.lost_packets + each.dropped_packets
        for name in ("sent_bytes", "traffic_sent_bytes", "traffic_delivered_bytes"):
            assert sum(getattr(part, name) for part in each.bins) == getattr(each, name)
        assert each.traffic_sent_bytes <= each.sent_bytes


@settings(deadline=None, max_examples=10)
@given(links=networks(), frames=sends)
def test_links_with_events_carry_traffic_as_arithmetic_does(links, frames):
    # One priority alone is first in, first out.
    scheduled = [link(**{**fields(each), "queue": "priority"}) for each in links]
    plain, network = simulated(links, frames)
    again, others = simulated(scheduled, frames)
    assert plain == again
    assert network.statistics() == others.statistics()


def fields(config: LinkConfig) -> dict:
    return {name: getattr(config, name) for name in LinkConfig.__slots__}


BUSY = link("a", "A", "D", bandwidth_bps=8e6, delay_ns=MS, traffic=(TrafficConfig("poisson", 1500, 6e6),))
FRAMES = [(index * 10 * MS, "A", 5_000) for index in range(30)]


def test_traffic_depends_on_seed_and_link_only():
    alone, _ = simulated([BUSY], FRAMES)
    other = link("other", "B", "D", bandwidth_bps=8e6, traffic=(TrafficConfig("poisson", 1500, 6e6),))
    assert simulated([other, BUSY], FRAMES)[0] == alone
    idle, _ = simulated([link("a", "A", "D", bandwidth_bps=8e6, delay_ns=MS)], FRAMES)
    assert sum(each.queue_ns for each in alone) > sum(each.queue_ns for each in idle)


def test_looking_at_a_link_changes_no_traffic():
    def run(looks: range) -> list:
        env = simpy.Environment()
        network = Network(env, [BUSY], 7, lambda *_: 1.0, (), UNTIL)
        ended: list = []
        for t_ns, source, size in FRAMES:
            env.timeout(t_ns, size).callbacks.append(lambda e, s=source: network.send(s, "D", e.value, ended.append))
        for t_ns in looks:
            env.run(until=t_ns)
            network.statistics()
            network.loads()
        env.run()
        return [ended, [each.bins[:3] for each in network.statistics()]]

    assert run(range(0)) == run(range(MS, 290 * MS, 3 * MS))


@pytest.mark.parametrize("medium", ["tdma", "csma"])
def test_traffic_shares_a_medium_with_streams(medium):
    shared = link(**{**fields(BUSY), "medium": "air"})
    media = (MediumConfig("air", medium, slot_ns=20_000 if medium == "csma" else 5 * MS),)
    _, network = simulated([shared], FRAMES, media)
    (total,) = network.statistics()
    assert total.traffic_sent_bytes > 200_000
    assert total.sent_packets == total.delivered_packets + total.dropped_packets + total.lost_packets


def test_poisson_source_has_its_rate_and_spread():
    config = TrafficConfig("poisson", 1500, 12e6)
    times = [t_ns for t_ns, _ in zip(poisson_times(config, MS, seeds.generator(3)), range(20_000), strict=False)]
    gaps = [b - a for a, b in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(MS, rel=0.03)
    assert deviation == pytest.approx(MS, rel=0.05)  # exponential: as large as the mean


@pytest.mark.parametrize(("busy_ms", "idle_ms", "share"), [(20, 60, 0.25), (5, 5, 0.5), (30, 0, 1.0)])
def test_on_off_source_is_on_for_its_share(busy_ms, idle_ms, share):
    config = TrafficConfig("on-off", 1500, 12e6, busy_ms * MS, idle_ms * MS)
    times = takewhile(lambda t_ns: t_ns < 60 * SECOND, on_off_times(config, MS, seeds.generator(4)))
    assert sum(1 for _ in times) / 60_000 == pytest.approx(share, rel=0.1)


def test_greedy_flow_fills_a_link_and_saws():
    # 8 Mbit/s, 40 ms + 1 ms: the pipe holds 27 packets; a queue as large keeps it full through a halving.
    traffic = (TrafficConfig("greedy", 1500, rtt_ns=40 * MS, window_bytes=10**6),)
    env = simpy.Environment()
    config = link("a", "A", "D", bandwidth_bps=8e6, delay_ns=MS, queue_bytes=45_000, traffic=traffic)
    network = Network(env, [config], 1, lambda *_: 1.0, (), 20 * SECOND)
    env.timeout(20 * SECOND)
    env.run()
    (total,) = network.statistics()
    assert total.traffic_delivered_bytes == pytest.approx(20e6, rel=0.05)
    assert 5 < total.dropped_packets < 0.02 * total.sent_packets


def test_window_of_a_greedy_flow_follows_losses():
    flow = GreedyFlow(0, SECOND, 10, 100)
    assert flow.next_ns() == 0
    assert flow.act(0) == 10
    for number in range(10):
        flow.ended(number, 5, arrived=number != 3)
    assert flow.next_ns() == 15
    # 10 + 3 in slow start, halved by packet 3, then six steps of 1 / window.
    assert flow.act(15) == 7
    assert flow.next_ns() is None


@pytest.mark.parametrize(
    ("traffic", "fault"),
    [
        (TrafficConfig("burst", 1500, 1e6), "kind is 'burst'; expected poisson, on-off or greedy"),
        (TrafficConfig("poisson", 1501, 1e6), "packets of 1501 bytes; expected 1 to 1500"),
        (TrafficConfig("poisson", 1500), "rate is 0.0 bit/s; expected more than 0"),
        (TrafficConfig("on-off", 1500, 1e6), "on for 0 ns, off for 0 ns; expected more than 0"),
        (TrafficConfig("greedy", 1500), "a round trip of 0 ns and a window of 0 bytes; expected more than 0"),
    ],
)
def test_impossible_traffic_is_refused(traffic, fault):
    config = link("a", "A", "B", bandwidth_bps=1e6, traffic=(traffic,))
    with pytest.raises(InputError, match=f"traffic of link 'a': {fault}"):
        Network(simpy.Environment(), [config], 1, lambda *_: 1.0, (), SECOND)
