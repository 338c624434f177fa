"""Which host carries which nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.library_threads import processors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.records import Scenario
    from simnet.wire.membership.admission import HostClaim

MAX_THREADS = 64


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One host of a run: the cameras of `streams`, and fusion on exactly one host."""

    name: str
    streams: tuple[str, ...]
    fusion: bool
    threads: int


def plan_hosts(scenario: Scenario, hosts: int) -> list[HostPlan]:
    """Spread the nodes over `hosts` processes; 0 means two hosts that are threads of this process.

    With several hosts, fusion has one to itself; more hosts than nodes are not made.
    """
    names = tuple(stream.name for stream in scenario.streams)
    cores = processors()
    if hosts == 0:
        return [
            HostPlan("cameras", names, False, max(1, min(cores, len(names)))),
            HostPlan("fusion", (), True, max(1, min(cores, len(names)))),
        ]
    if hosts == 1:
        return [HostPlan("host-1", names, True, max(1, cores))]
    carriers = min(hosts - 1, len(names))
    threads = max(1, cores // (carriers + 1))
    plans = [HostPlan("host-1", (), True, max(1, min(cores, len(names))))]
    plans += [HostPlan(f"host-{place + 2}", names[place::carriers], False, threads) for place in range(carriers)]
    return plans


def claimed(scenario: Scenario, claims: Sequence[HostClaim]) -> list[HostPlan]:
    """Return what each host carries by its own claim; it has a thread for each stream, or one for each of its cores."""
    streams = _streams_of(scenario)
    plans = []
    for claim in claims:
        own = tuple(stream for node in claim.nodes for stream in streams[node])
        busy = len(scenario.streams) if claim.fusion else len(own)
        plans.append(HostPlan(claim.host, own, claim.fusion, max(1, min(claim.cores, busy, MAX_THREADS))))
    return plans


def senders(scenario: Scenario) -> tuple[str, ...]:
    """Return the nodes that have a camera that sends, in the scenario's order."""
    return tuple(_streams_of(scenario))


def _streams_of(scenario: Scenario) -> dict[str, list[str]]:
    sending = {stream.name for stream in scenario.streams}
    found = {node.name: [each.name for each in node.cameras if each.name in sending] for node in scenario.nodes}
    return {node: streams for node, streams in found.items() if streams}
