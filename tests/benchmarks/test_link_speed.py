"""Packets a second through the network, against a SimPy process for every packet in the same run.

python -m pytest tests/benchmarks/test_link_speed.py --benchmark-only
"""

from __future__ import annotations

import time

import pytest
import simpy

from simnet.net import Network
from simnet.records import LinkConfig

FRAMES = 300
PACKETS = 40
SIZE = PACKETS * 1460
PERIOD_NS = 2_000_000
DELAY_NS = 5_000_000
NS_PER_BYTE = 8  # 1 Gbit/s


def through_network(hops: int) -> int:
    env = simpy.Environment()
    links = [
        LinkConfig(f"{hop}", f"{hop}", f"{hop + 1}", 1e9, delay_ns=DELAY_NS, queue_bytes=10**6) for hop in range(hops)
    ]
    network = Network(env, links, 1, lambda *_: 0.0)
    ends = []
    for frame in range(FRAMES):
        event = env.timeout(frame * PERIOD_NS)
        event.callbacks.append(lambda _: network.send("0", str(hops), SIZE, ends.append))
    env.run()
    assert sum(transfer.complete for transfer in ends) == FRAMES
    return env.now


def through_processes(hops: int) -> int:
    """A store and a server for each link, a process for each packet on the air: the usual way in SimPy."""
    env = simpy.Environment()
    stores = [simpy.Store(env) for _ in range(hops)]
    arrived = []

    def serve(hop: int):
        while True:
            size = yield stores[hop].get()
            yield env.timeout(size * NS_PER_BYTE)
            env.process(fly(hop, size))

    def fly(hop: int, size: int):
        yield env.timeout(DELAY_NS)
        if hop + 1 < hops:
            yield stores[hop + 1].put(size)
        else:
            arrived.append(env.now)

    def source():
        for _ in range(FRAMES):
            for _ in range(PACKETS):
                yield stores[0].put(1500)
            yield env.timeout(PERIOD_NS)

    for hop in range(hops):
        env.process(serve(hop))
    env.process(source())
    env.run()
    assert len(arrived) == FRAMES * PACKETS
    return arrived[-1]


@pytest.mark.parametrize(("hops", "at_least"), [(1, 6), (3, 2)])
def test_packets_a_second_against_a_process_a_packet(benchmark, hops, at_least):
    assert through_network(hops) == through_processes(hops)  # the same story, to the nanosecond

    def processes_s() -> float:
        start_s = time.perf_counter()
        through_processes(hops)
        return time.perf_counter() - start_s

    # Before and after, the better of both: what else the machine does weighs on either side alike.
    before_s = processes_s()
    benchmark(through_network, hops)
    peer_s = min(before_s, processes_s())
    ours_s = benchmark.stats.stats.min
    benchmark.extra_info["packets_per_s"] = round(FRAMES * PACKETS / ours_s)
    benchmark.extra_info["peer_packets_per_s"] = round(FRAMES * PACKETS / peer_s)
    benchmark.extra_info["ratio"] = round(peer_s / ours_s, 1)
    assert peer_s / ours_s > at_least
