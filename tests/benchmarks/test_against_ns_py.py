"""Packets a second through the network, against ns.py's Port and Wire on the same topology in the same run.

python -m pytest tests/benchmarks/test_against_ns_py.py --benchmark-only

    camera --[1 Gbit/s, tail drop]--(5 ms)--> receiver      frames of 40 full packets, one every 2 ms

ns.py (pip install ns-py) is written for SimPy too: a store and a process for each port and wire, an event for each packet's turn.
"""

from __future__ import annotations

import time

import pytest
import simpy

from simnet.net import Network
from simnet.records import LinkConfig

FRAMES = 300
PACKETS = 40
PACKET_BYTES = 1500
PERIOD_NS = 2_000_000
DELAY_NS = 5_000_000
RATE_BPS = 1e9
QUEUE_BYTES = 10**6


def through_simnet() -> int:
    """Return when the last frame arrived, in ns."""
    env = simpy.Environment()
    link = LinkConfig("uplink", "camera", "receiver", RATE_BPS, delay_ns=DELAY_NS, queue_bytes=QUEUE_BYTES)
    network = Network(env, [link], 1, lambda *_: 0.0)
    ends = []
    for frame in range(FRAMES):
        event = env.timeout(frame * PERIOD_NS)
        event.callbacks.append(lambda _: network.send("camera", "receiver", PACKETS * (PACKET_BYTES - 40), ends.append))
    env.run()
    assert sum(transfer.complete for transfer in ends) == FRAMES
    assert sum(transfer.packets_sent for transfer in ends) == FRAMES * PACKETS
    return ends[-1].arrived_ns


class Arrivals:
    """Where ns.py's wire leads: it only counts, as little as can be done."""

    def __init__(self, env: simpy.Environment) -> None:
        self._env = env
        self.packets = 0
        self.last_s = 0.0

    def put(self, _packet: object) -> None:
        self.packets += 1
        self.last_s = self._env.now


def through_ns_py() -> float:
    """Return when the last packet arrived, in seconds."""
    from ns.packet.packet import Packet
    from ns.port.port import Port
    from ns.port.wire import Wire

    env = simpy.Environment()
    port = Port(env, RATE_BPS, qlimit=QUEUE_BYTES, limit_bytes=True)
    wire = Wire(env, lambda: DELAY_NS / 1e9)
    arrivals = Arrivals(env)
    port.out, wire.out = wire, arrivals

    def source():
        for frame in range(FRAMES):
            for number in range(PACKETS):
                port.put(Packet(env.now, PACKET_BYTES, frame * PACKETS + number))
            yield env.timeout(PERIOD_NS / 1e9)

    env.process(source())
    env.run()
    assert arrivals.packets == FRAMES * PACKETS
    return arrivals.last_s


def test_packets_a_second_against_port_and_wire_of_ns_py(benchmark):
    pytest.importorskip("ns.port.wire", reason="ns-py is not installed: pip install 'simnet[benchmark]'")
    assert through_ns_py() == pytest.approx(through_simnet() / 1e9, abs=1e-6)  # the same story

    def ns_py_s() -> float:
        start_s = time.perf_counter()
        through_ns_py()
        return time.perf_counter() - start_s

    # Before and after, the better of both: what else the machine does weighs on either side alike.
    before_s = ns_py_s()
    benchmark(through_simnet)
    peer_s = min(before_s, ns_py_s())
    ours_s = benchmark.stats.stats.min
    benchmark.extra_info["packets_per_s"] = round(FRAMES * PACKETS / ours_s)
    benchmark.extra_info["ns_py_packets_per_s"] = round(FRAMES * PACKETS / peer_s)
    benchmark.extra_info["ratio"] = round(peer_s / ours_s, 1)
    assert peer_s / ours_s >= 20
