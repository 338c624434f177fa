"""Run congestion controls through the test cases of RFC 8867, without pictures: an encoder that hits its bit rate exactly.

    python examples/rfc8867.py [CASE ...] [--seconds N]

    sender 1 ──own delay──▶ |              |
    sender 2 ──own delay──▶ | bottleneck   |──▶ receiver ──back (slow in 5.3)──▶ feedback
    TCP-like flow ────────▶ | 300 ms queue |

Each case runs with SCReAM, with SCReAM and L4S (a dual queue in place of drop-tail), and with GCC. A row says how much was used
of the capacity that the flows may take, how long packets waited in the network, how much was lost, and how evenly media flows
shared the last third (Jain's index).
"""

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import simpy

from simnet.interrupts import end_with_reader
from simnet.net import Network, Transfer, open_paced
from simnet.net import Path as NetworkPath
from simnet.records import SECOND_NS, CongestionConfig, LinkConfig, RateConfig, TraceConfig, TrafficConfig

FRAME_HZ = 25
MS = 1_000_000
RATES = (150e3, 300e3, 1.5e6)
"""Least, first and most bit/s of a flow."""
LONGEST = 3600
"""Most seconds of a case."""
FAST = 100e6
"""Bit/s of links that are no bottleneck."""


@dataclass(frozen=True)
class Flow:
    """A media flow: when it sends, and how far its sender is from the bottleneck."""

    start_s: float = 0
    pause_s: tuple[float, float] = (0, 0)
    delay_ms: int = 50
    backward: bool = False
    """From the receiver to the sender, over the bottleneck's way back."""

    def sends(self, at_s: float) -> bool:
        """Whether the flow has a frame at this time."""
        return at_s >= self.start_s and not self.pause_s[0] <= at_s < self.pause_s[1]


@dataclass(frozen=True)
class Case:
    """A case of RFC 8867: capacities in Mbit/s from given seconds on."""

    title: str
    seconds: int
    forward: tuple[tuple[float, float], ...]
    flows: tuple[Flow, ...]
    backward: tuple[tuple[float, float], ...] = ()
    tcp: bool = False
    queue_bytes: int = field(default=0)


CASES = {
    "5.1": Case("variable capacity, one flow", 100, ((0, 1), (40, 2.5), (60, 0.6), (80, 1)), (Flow(),)),
    "5.2": Case("variable capacity, two flows", 125, ((0, 4), (25, 2), (50, 3.5), (75, 1), (100, 2)), (Flow(), Flow())),
    "5.3": Case(
        "congested way back",
        100,
        ((0, 2), (20, 1), (40, 0.5), (60, 2)),
        (Flow(), Flow(backward=True)),
        backward=((0, 2), (35, 0.8), (70, 2)),
    ),
    "5.4": Case("three flows join", 120, ((0, 3.5),), (Flow(), Flow(20), Flow(40))),
    "5.5": Case(
        "round trips of 20 to 300 ms",
        300,
        ((0, 4),),
        tuple(Flow(10 * number, delay_ms=delay) for number, delay in enumerate((10, 25, 50, 100, 150))),
    ),
    "5.6": Case("against a long TCP flow", 120, ((0, 2),), (Flow(5),), tcp=True),
    "5.8": Case("pause and resume", 120, ((0, 3.5),), (Flow(pause_s=(40, 60)), Flow(), Flow())),
}
CONTROLS = {"scream": ("scream", "none"), "scream, L4S": ("scream", "l4s"), "gcc": ("gcc", "none")}


def steps(case: Case, capacities: tuple[tuple[float, float], ...]) -> list[float]:
    """Mbit/s in each second of a case."""
    return [next(rate for begin, rate in reversed(capacities) if begin <= second) for second in range(case.seconds)]


def usable(case: Case) -> float:
    """Mbit that the flows forward may take at most, packets' headers left out."""
    most = RATES[2] / 1e6
    flows = [flow for flow in case.flows if not flow.backward]
    wanted = [
        np.inf if case.tcp else most * sum(flow.sends(second) for flow in flows) for second in range(case.seconds)
    ]
    return float(np.minimum(steps(case, case.forward), wanted).sum())


def links(case: Case, folder: Path, *, l4s: bool) -> Iterator[LinkConfig]:
    """The links of a case. The bottleneck's queue holds 300 ms at the first capacity."""
    for name, ends, capacities in (("bottleneck", "RS", case.forward), ("back", "SR", case.backward)):
        file = folder / f"{name}.csv"
        file.write_text(
            "\n".join(["rate", *(str(rate) for rate in steps(case, capacities or ((0, FAST / 1e6),)))]) + "\n"
        )
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        yield LinkConfig(
            name,
            *ends,
            bandwidth_bps=FAST,  # the trace decides
            trace=TraceConfig(str(file), "csv", digest, column="rate", unit="Mbit/s"),
            delay_ns=0,
            queue_bytes=int(0.3 * 1e6 / 8 * (capacities or ((0, 10),))[0][1]),
            queue="dualpi2" if l4s else "fifo",
            traffic=(TrafficConfig("greedy", 1500, rtt_ns=100 * MS, window_bytes=10**6),)
            if case.tcp and name == "bottleneck"
            else (),
        )
    for number, flow in enumerate(case.flows):
        for name, ends in ((f"to_{number}", (f"A{number}", "R")), (f"from_{number}", ("R", f"A{number}"))):
            yield LinkConfig(name, *ends, bandwidth_bps=FAST, delay_ns=flow.delay_ms * MS, queue_bytes=10**6)


def run(case: Case, kind: str, ecn: str) -> dict[str, float]:
    """Run a case; shares of capacity and packets, milliseconds, and Jain's index."""
    with tempfile.TemporaryDirectory() as folder:
        network = Network(
            env := simpy.Environment(),
            list(links(case, Path(folder), l4s=ecn == "l4s")),
            1,
            lambda *_: 1.0,
            (),
            case.seconds * SECOND_NS,
        )
    got: list[list[tuple[float, int]]] = [[] for _ in case.flows]
    waits: list[float] = []
    packets = np.zeros(2)

    def media(number: int, flow: Flow) -> None:
        ends = ("S", f"A{number}") if flow.backward else (f"A{number}", "S")
        rate = RateConfig(kind, congestion=CongestionConfig(*RATES, ecn=ecn))
        transport = open_paced(rate, NetworkPath(env, network, *ends), SECOND_NS // FRAME_HZ)
        assert transport is not None

        def delivered(transfer: Transfer, data: bytes) -> None:
            if data:
                got[number].append((env.now / SECOND_NS, 8 * len(data)))
                waits.append(transfer.queue_ns / MS)
            packets[:] += transfer.packets_sent, transfer.packets_lost

        def frame(_event: simpy.Event) -> None:
            if flow.sends(env.now / SECOND_NS):
                size = int(transport.target_bps / 8 / FRAME_HZ)
                transport.send(bytes(size), env.now + SECOND_NS, delivered, lambda _: None)
            env.timeout(SECOND_NS // FRAME_HZ).callbacks.append(frame)

        # Cameras are not in step: else the first would always find the queue empty, and the others would be marked for it.
        env.timeout(number * SECOND_NS // FRAME_HZ // len(case.flows)).callbacks.append(frame)

    for number, flow in enumerate(case.flows):
        media(number, flow)
    env.run(until=case.seconds * SECOND_NS)
    carried = next(each.delivered_bytes for each in network.statistics() if each.link == "bottleneck")
    tail = [sum(bits for at_s, bits in own if at_s > case.seconds * 2 / 3) for own in got]
    return {
        "used": 8 * carried / (1e6 * usable(case)),
        "media Mbit/s": sum(bits for own in got for _, bits in own) / case.seconds / 1e6,
        "queue mean ms": float(np.mean(waits or [np.nan])),
        "queue p95 ms": float(np.percentile(waits or [np.nan], 95)),
        "lost": packets[1] / packets[0] if packets[0] else np.nan,
        "fairness": sum(tail) ** 2 / (len(tail) * sum(each**2 for each in tail)) if any(tail) else np.nan,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "cases", nargs="*", default=list(CASES), metavar="CASE", help=f"of {', '.join(CASES)}; default: all"
    )
    parser.add_argument("--seconds", type=int, help=f"how long each case lasts, up to {LONGEST}")
    asked = parser.parse_args()
    if unknown := [name for name in asked.cases if name not in CASES]:
        parser.error(f"case {unknown[0]}: unknown; expected some of {', '.join(CASES)}")
    if asked.seconds is not None and not 1 <= asked.seconds <= LONGEST:
        parser.error(f"--seconds {asked.seconds}: expected 1 to {LONGEST}")
    print(
        "| case | control | capacity used | media | queue, mean / 95 % | lost | fairness |\n|---|---|---|---|---|---|---|"
    )
    for name in asked.cases:
        case = CASES[name] if asked.seconds is None else replace(CASES[name], seconds=asked.seconds)
        if not any(flow.sends(second) for flow in case.flows for second in range(case.seconds - 1)):
            print(f"| {name} {case.title} | no flow begins within {case.seconds} s | | | | | |")
            continue
        for title, (kind, ecn) in CONTROLS.items():
            row = run(case, kind, ecn)
            queue = f"{row['queue mean ms']:.0f} / {row['queue p95 ms']:.0f} ms"
            print(
                f"| {name} {case.title} | `{title}` | {row['used']:.0%} | {row['media Mbit/s']:.2f} Mbit/s | {queue} "
                f"| {row['lost']:.1%} | {row['fairness']:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    end_with_reader()
    main()
