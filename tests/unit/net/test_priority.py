"""Strict priority: who goes first, who is dropped, and what holds whatever the order."""

from __future__ import annotations

import simpy

from simnet import seeds
from simnet.net import Network
from simnet.records import LinkConfig

MS = 1_000_000


def run(sends, **changes: object):
    """Send (ms, bytes, priority) over a link on which a byte takes 1 us; return ends by priority, and the link's counts."""
    env = simpy.Environment()
    numbers = {"queue": "priority", "overhead_bytes": 0, "queue_bytes": 10**9} | changes
    network = Network(env, [LinkConfig("a", "A", "B", 8e6, **numbers)], 1, lambda *_: 0.0)
    ended = []

    def send(event: simpy.Event) -> None:
        size, priority = event.value
        network.send("A", "B", size, lambda transfer: ended.append((priority, transfer)), priority=priority)

    for t_ms, *what in sends:
        env.timeout(t_ms * MS, what).callbacks.append(send)
    env.run()
    (line,) = network.statistics()
    assert line.sent_packets == line.delivered_packets + line.lost_packets + line.dropped_packets
    return ended, line


def test_higher_priority_goes_first_without_preemption():
    # A packet of 1 ms in service, two waiting; what comes last goes next.
    ended, _ = run([(0, 3000, 0), (1, 1000, 5), (1, 1000, 3)], mtu_bytes=1000)
    assert [(priority, transfer.arrived_ns // MS) for priority, transfer in ended] == [(5, 3), (3, 4), (0, 5)]


def test_equal_priorities_are_first_in_first_out():
    generator = seeds.generator(1, "priority")
    times = sorted(generator.integers(0, 400, 60).tolist())
    sends = [(t_ms, int(generator.integers(1, 20_000)), 0) for t_ms in times]
    changes = {"queue_bytes": 30_000}
    ended, line = run(sends, **changes)
    plain, plain_line = run(sends, queue="fifo", **changes)
    assert line.dropped_packets > 0

    def story(runs):
        return sorted(
            (t.sent_ns, t.size_bytes, t.packets_lost, t.arrived_ns, t.complete and t.queue_ns) for _, t in runs
        )

    assert story(ended) == story(plain)
    assert line.bins == plain_line.bins


def test_full_queue_drops_newest_of_lowest_priority():
    # One in service, then three that fill the queue: 1, 0, 0. A packet of priority 2 takes the newest one's place.
    sends = [(0, 1000, 0), (0, 1000, 1), (0, 1000, 0), (0, 999, 0), (0, 500, 2)]
    ended, line = run(sends, mtu_bytes=1000, queue_bytes=3000)
    assert line.dropped_bytes == 999
    assert {transfer.size_bytes for _, transfer in ended if not transfer.complete} == {999}
    # What those below could not make room for is refused itself.
    ended, line = run([*sends[:2], (0, 1000, 1), (0, 800, 0), (0, 1100, 1)], mtu_bytes=1500, queue_bytes=3000)
    assert {transfer.size_bytes for _, transfer in ended if not transfer.complete} == {1100}


def test_high_priority_never_waits_for_low():
    sends = [(t_ms, 1000, t_ms % 2) for t_ms in range(200)] + [(t_ms, 500, 0) for t_ms in range(100)]
    ended, _ = run(sends, mtu_bytes=1000)
    high = [transfer.queue_ns for priority, transfer in ended if priority]
    low = [transfer.queue_ns for priority, transfer in ended if not priority]
    assert max(high) <= MS  # at most what is in service
    assert max(low) > 40 * MS
