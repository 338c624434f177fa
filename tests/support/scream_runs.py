"""SCReAM over the bottleneck of a reference trace, and both in the same figures."""

from __future__ import annotations

import csv
from collections import deque
from dataclasses import dataclass
from pathlib import Path as File

import simpy

from simnet.net import PacedTransport, Path
from simnet.net.congestion.scream import Scream
from simnet.net.ecn import CODEPOINTS
from simnet.records import SECOND_NS, CongestionConfig
from support.marking_bottleneck import STEP_NS, MarkingBottleneck
from support.places import ROOT

TRACES = ROOT / "tests/unit/net/scream_traces"
CASES = {
    "step_10M": (50, 25, (0.1e6, 1e6, 20e6)),
    "camera_1M": (10, 40, (0.05e6, 0.3e6, 2e6)),
    "sine_10M": (25, 50, (0.1e6, 1e6, 20e6)),
    "film_6M": (25, 50, (0.1e6, 1e6, 20e6)),
}
"""Frames a second, base round trip in ms, rates."""
MARKS = {"none": None, "classic": (30_000_000, 30_000_000), "l4s": (8_000_000, 12_000_000)}
WARM_UP_S = 3.0


@dataclass(frozen=True)
class Bin:
    """A tenth of a second at the bottleneck."""

    end_s: float
    link_bps: float
    delivered_bps: float
    queue_ms: float
    largest_ms: float
    packets: int
    marked: int


@dataclass(frozen=True)
class Behaviour:
    """What a trace comes to after its first 3 s."""

    utilisation: float
    queue_ms: float
    marked: float

    @classmethod
    def of(cls, bins: list[Bin]) -> Behaviour:
        """Return the figures of a trace."""
        kept = [each for each in bins if each.end_s > WARM_UP_S + 1e-6]
        delivered, offered = sum(each.delivered_bps for each in kept), sum(each.link_bps for each in kept)
        packets = sum(each.packets for each in kept)
        queue_ms = sum(each.queue_ms for each in kept) / len(kept)
        return cls(delivered / offered, queue_ms, sum(each.marked for each in kept) / packets)


def reference(name: str, folder: File = TRACES) -> list[Bin]:
    """Read a reference trace."""
    with (folder / f"{name}.csv").open() as lines:
        return [
            Bin(
                float(row["time_s"]),
                float(row["link_bps"]),
                float(row["delivered_bps"]),
                float(row["network_queue_mean_ms"]),
                float(row["network_queue_max_ms"]),
                int(row["packets"]),
                int(row["marked"]),
            )
            for row in csv.DictReader(lines)
        ]


def run(name: str, folder: File = TRACES) -> list[Bin]:
    """Send frames over the bottleneck of the trace `name`, at the rate that SCReAM allows."""
    case, _, ecn = name.rpartition("_")
    frame_hz, round_trip_ms, rates = CASES[case]
    bins = reference(name, folder)
    env = simpy.Environment()
    bottleneck = MarkingBottleneck(env, round_trip_ms * 1_000_000, [each.link_bps for each in bins], MARKS[ecn])
    control = Scream(CongestionConfig(*rates, ecn=ecn), SECOND_NS // frame_hz)
    control.window.size_bytes = max(5000.0, rates[1] / 8 * round_trip_ms / 1000)
    transport = PacedTransport(Path(env, bottleneck, "A", "B"), control, CODEPOINTS[ecn])
    shares = [float(line) for line in (folder / "frame_sizes.txt").read_text().split()]
    mean, end_ns = sum(shares) / len(shares), len(bins) * STEP_NS

    def frame(event: simpy.Event) -> None:
        size = transport.target_bps / 8 / frame_hz
        number = event.value
        if case == "film_6M":
            size *= shares[number % len(shares)] / mean
        transport.send(bytes(int(size)), env.now + 10 * SECOND_NS, lambda *_: None, lambda *_: None)
        if env.now + SECOND_NS // frame_hz < end_ns:
            env.timeout(SECOND_NS // frame_hz, number + 1).callbacks.append(frame)

    env.timeout(0, 0).callbacks.append(frame)
    env.run(until=end_ns)
    return _binned(bottleneck, bins)


def _binned(bottleneck: MarkingBottleneck, like: list[Bin]) -> list[Bin]:
    """Return what the bottleneck carried; its queue is looked at every millisecond, as whole packets."""
    by_bin: dict[int, list[int]] = {}
    for packet in bottleneck.carried:
        counts = by_bin.setdefault(packet.left_ns // STEP_NS, [0, 0, 0])
        counts[0] += packet.size_bytes
        counts[1] += 1
        counts[2] += packet.is_marked
    waiting, inside, found = deque(bottleneck.carried), deque(), []
    for index, each in enumerate(like):
        queues_ms = []
        for step in range(100):
            now_ns = index * STEP_NS + step * 1_000_000
            while waiting and waiting[0].entered_ns <= now_ns:
                inside.append(waiting.popleft())
            while inside and inside[0].left_ns <= now_ns:
                inside.popleft()
            queues_ms.append(sum(packet.size_bytes for packet in inside) * 8e3 / each.link_bps)
        size_bytes, packets, marked = by_bin.get(index, [0, 0, 0])
        mean_ms = sum(queues_ms) / len(queues_ms)
        found.append(Bin(each.end_s, each.link_bps, size_bytes * 80, mean_ms, max(queues_ms), packets, marked))
    return found
