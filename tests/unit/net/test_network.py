"""What holds for any network and traffic: nothing is lost count of, and the same seed tells the same story."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import scenario, testing
from simnet.errors import InputError
from simnet.net import Network
from simnet.records import HandoverConfig, LinkConfig, LossConfig, TraceConfig

MS = 1_000_000
KINDS = ("packets", "bytes")

losses = st.one_of(
    st.just(LossConfig()),
    st.builds(LossConfig, st.just("independent"), st.floats(0, 1)),
    st.builds(LossConfig, st.just("gilbert-elliott"), st.floats(0, 0.5), st.floats(1, 10)),
)


TRACES = [
    TraceConfig("trace.up", "mahimahi", "", start_ns=7 * MS),
    TraceConfig("trace.csv", "csv", "", "rate", "kbit/s", period_ns=30 * MS),
]
"""Relative to the folder that `traces` makes."""


def shipped():
    """One link of each kind that the shipped scenarios have."""
    links = [link for name, _, _ in scenario.list_shipped() for link in scenario.load(name).links]
    unnamed = {
        dataclasses.replace(link, name="link", source="a", target="b", handover=None, medium=None) for link in links
    }
    return sorted(unnamed, key=repr)


@pytest.mark.parametrize("link", shipped())
def test_network_passes_the_link_conformance_suite(link):
    testing.check_link(link)


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    (folder / "trace.up").write_text("0\n1\n1\n40\n90\n", encoding="utf-8")
    (folder / "trace.csv").write_text("rate\n50\n0\n1e4\n", encoding="utf-8")
    with contextlib.chdir(folder):
        yield


@st.composite
def topologies(draw) -> list[LinkConfig]:
    ends = st.tuples(st.sampled_from("ABCD"), st.sampled_from("ABCD")).filter(lambda pair: pair[0] != pair[1])
    return [
        LinkConfig(
            name=f"link {index}",
            source=source,
            target=target,
            bandwidth_bps=draw(st.floats(1e4, 1e9)),
            delay_ns=draw(st.integers(0, 300 * MS)),
            jitter_ns=draw(st.sampled_from([0, MS, 200 * MS])),
            reorder=draw(st.booleans()),
            loss=draw(losses),
            queue_bytes=draw(st.integers(0, 60_000)),
            mtu_bytes=draw(st.integers(41, 2_000)),
            ladder=draw(st.sampled_from([(), ((2.0, 1e6), (4.0, 1e5))])),
            outages=draw(st.sampled_from([(), ((50 * MS, 120 * MS), (300 * MS, 310 * MS))])),
            propagation_mps=draw(st.sampled_from([None, 20.0])),
            queue=draw(st.sampled_from(["fifo", "priority", "codel", "dualpi2"])),
            codel_target_ns=draw(st.sampled_from([1, 5 * MS])),
            codel_interval_ns=draw(st.sampled_from([10, 20 * MS])),
            trace=draw(st.sampled_from([None, *TRACES])),
            handover=HandoverConfig("cell", source, 0.5, 30 * MS, 20 * MS) if draw(st.booleans()) else None,
        )
        for index, (source, target) in enumerate(draw(st.lists(ends, min_size=1, max_size=7)))
    ]


sends = st.lists(
    st.tuples(
        st.integers(0, 400 * MS),
        st.sampled_from("ABCD"),
        st.sampled_from("ABCD"),
        st.integers(0, 5_000),
        st.integers(0, 2),
    ),
    max_size=12,
)


def distance_m(source: str, target: str, t_ns: int) -> float:
    return abs(ord(source) - ord(target) + t_ns / 1e8)


def check_conservation(network: Network) -> None:
    for line in network.statistics():
        for kind in KINDS:
            sent, *ways = (
                getattr(line, f"{way}_{kind}") for way in ("sent", "delivered", "lost", "dropped", "in_flight")
            )
            assert sent == sum(ways)
        for name in ("sent_packets", "sent_bytes", "delivered_bytes", "lost_packets", "dropped_packets"):
            assert sum(getattr(part, name) for part in line.bins) == getattr(line, name)
        assert [part.t_ns for part in line.bins] == [100 * MS * index for index in range(len(line.bins))]


@pytest.mark.usefixtures("traces")
@settings(deadline=None)
@given(links=topologies(), sends=sends, stops=st.lists(st.integers(1, 900 * MS), max_size=4, unique=True))
def test_packets_and_bytes_are_conserved(links, sends, stops):
    env = simpy.Environment()
    network = Network(env, links, 1, distance_m)
    ended, sent = [], []

    def send(event: simpy.Event) -> None:
        source, target, size, priority = event.value
        try:
            network.send(source, target, size, lambda transfer: ended.append((env.now, transfer)), priority=priority)
        except InputError:
            return
        sent.append(event.value[:3])

    for t_ns, *what in sends:
        env.timeout(t_ns, what).callbacks.append(send)
    for stop_ns in sorted(stops):
        env.run(until=stop_ns)
        check_conservation(network)
        network.events()
    env.run()
    check_conservation(network)

    # Every send ended once, and the two counts of what was lost agree: by transfer and by link.
    transfers = [transfer for _, transfer in ended]
    assert sorted([t.source, t.target, t.size_bytes] for t in transfers) == sorted(sent)
    totals = network.statistics()
    assert sum(line.in_flight_packets for line in totals) == 0
    assert sum(t.packets_lost for t in transfers) == sum(line.lost_packets + line.dropped_packets for line in totals)
    for end_ns, transfer in ended:
        assert transfer.complete == (transfer.packets_lost == 0)
        assert transfer.arrived_ns == (end_ns if transfer.complete else None)
        assert end_ns >= transfer.sent_ns + (transfer.queue_ns if transfer.complete else 0)


def noisy(name: str, source: str = "A", target: str = "B", **changes) -> LinkConfig:
    loss = LossConfig("gilbert-elliott", 0.2, 3.0)
    numbers = {"bandwidth_bps": 4e6, "delay_ns": MS, "jitter_ns": MS, "reorder": True, "loss": loss} | changes
    return LinkConfig(name, source, target, **numbers)


TRAFFIC = [(index * 7 * MS, "A", "B", 3_000 + 997 * index) for index in range(60)]


def test_trace_depends_on_the_seed_only(run):
    links = [noisy("a"), noisy("b", "B", "C")]
    traffic = [*TRAFFIC, *((t_ns + 3 * MS, "A", "C", size) for t_ns, _, _, size in TRAFFIC)]
    assert run(links, traffic, seed=4) == run(links, traffic, seed=4)
    assert run(links, traffic, seed=4) != run(links, traffic, seed=5)


def test_links_have_independent_random_draws(run):
    alone = run([noisy("a")], TRAFFIC)
    other = [(t_ns + 1, "C", "D", size) for t_ns, _, _, size in TRAFFIC]
    beside = run([noisy("other", "C", "D"), noisy("a")], [*TRAFFIC, *other])
    assert [transfer for transfer in beside if transfer.source == "A"] == alone


def test_loss_does_not_shift_surviving_packets(run):
    # Loss and jitter have streams of their own: with another loss process, what arrives arrives at the same times.
    lossy, clean = run([noisy("a")], TRAFFIC), run([noisy("a", loss=LossConfig())], TRAFFIC)
    clean_arrivals = {transfer.sent_ns: transfer.arrived_ns for transfer in clean}
    passed = [transfer for transfer in lossy if transfer.complete]
    assert 0 < len(passed) < len(clean)
    assert all(transfer.arrived_ns == clean_arrivals[transfer.sent_ns] for transfer in passed)


def test_reading_statistics_changes_nothing(run):
    def trace(stops: range) -> list:
        env = simpy.Environment()
        network = Network(env, [noisy("a"), noisy("b", "B", "C")], 1, distance_m)
        ended: list = []
        for t_ns, _, _, size in TRAFFIC:
            env.timeout(t_ns, size).callbacks.append(lambda event: network.send("A", "C", event.value, ended.append))
        for stop_ns in stops:
            env.run(until=stop_ns)
            network.statistics()
        env.run()
        return [ended, [line.bins[:3] for line in network.statistics()]]

    assert trace(range(0)) == trace(range(MS, 300 * MS, 3 * MS))


def test_delivery_callback_may_send(config):
    # Ping-pong: A --> B --> A, from within the callback.
    env = simpy.Environment()
    network = Network(env, [config("to"), config("fro", "B", "A")], 1, distance_m)
    times = []
    turns = itertools.cycle([("B", "A"), ("A", "B")])

    def again(_transfer) -> None:
        times.append(env.now)
        if len(times) < 5:
            network.send(*next(turns), 960, again)

    network.send("A", "B", 960, again)
    assert times == []  # never from within send
    env.run()
    assert times == [MS * turn for turn in range(1, 6)]
