"""The queue in front of a transmitter: bounded in bytes, tail drop."""

from __future__ import annotations

import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.net import BIN_NS, Link, Network
from simnet.records import LinkConfig

MS = 1_000_000


def link(queue_bytes: int) -> Link:
    return Link(LinkConfig("a", "A", "B", bandwidth_bps=8e6, queue_bytes=queue_bytes), 1, lambda *_: 0.0)


def test_full_queue_drops_excluding_the_packet_in_service():
    passages = link(2500).offer(0, [1000, 1000, 1000, 1000, 500])
    # In service, waiting, waiting, does not fit; the last is small enough and fits.
    assert passages == [
        (1 * MS, True, 0),
        (2 * MS, True, 1 * MS),
        (3 * MS, True, 2 * MS),
        (0, False, 0),
        (3 * MS + MS // 2, True, 3 * MS),
    ]


def test_packet_entering_service_frees_its_room():
    one = link(1000)
    assert [arrived for _, arrived, _ in one.offer(0, [1000, 1000, 1000])] == [True, True, False]
    assert one.offer(1 * MS - 1, [1000])[0][1] is False
    assert one.offer(1 * MS, [1000]) == [(3 * MS, True, 1 * MS)]


def test_dropped_packet_costs_no_service_and_ends_frame():
    env = simpy.Environment()
    network = Network(env, [LinkConfig("a", "A", "B", 8e6, queue_bytes=1500)], 1, lambda *_: 0.0)
    ended = []
    network.send("A", "B", 1460 * 4, lambda transfer: ended.append((env.now, transfer)))
    env.run()
    ((end_ns, transfer),) = ended
    assert end_ns == 3 * MS  # the second of two packets that passed
    assert (transfer.packets_sent, transfer.packets_lost, transfer.complete) == (4, 2, False)
    (statistics,) = network.statistics()
    assert (statistics.dropped_packets, statistics.lost_packets) == (2, 0)


@settings(deadline=None)
@given(
    queue_bytes=st.integers(0, 20_000),
    offers=st.lists(st.tuples(st.integers(0, 40 * MS), st.integers(1, 3000)), min_size=1, max_size=60),
)
def test_queue_occupancy_matches_a_recount(queue_bytes, offers):
    # What waits at any time is recounted from the packets that passed; drops happen where, and only where, it must.
    one = link(queue_bytes)
    passed: list[tuple[int, int, int]] = []  # entered, started, bytes
    peaks: dict[int, int] = {}
    now_ns = 0
    for gap_ns, size in offers:
        now_ns += gap_ns
        waiting = sum(held for entered, start, held in passed if entered <= now_ns < start)
        busy = any(start + held * 1000 > now_ns for _, start, held in passed)
        ((_, arrived, queue_ns),) = one.offer(now_ns, [size])
        assert arrived == (not busy or waiting + size <= queue_bytes)
        if arrived:
            passed.append((now_ns, now_ns + queue_ns, size))
    end_ns = max(start for _, start, _ in passed) + 1
    for t_ns in {entered for entered, _, _ in passed} | {n * BIN_NS for n in range(end_ns // BIN_NS + 1)}:
        waiting = sum(held for entered, start, held in passed if entered <= t_ns < start)
        peaks[t_ns // BIN_NS] = max(peaks.get(t_ns // BIN_NS, 0), waiting)
    bins = one.statistics(max(end_ns, now_ns)).bins
    assert [line.queue_bytes_max for line in bins] == [peaks.get(line.t_ns // BIN_NS, 0) for line in bins]
    assert all(line.queue_bytes_max <= queue_bytes for line in bins)
