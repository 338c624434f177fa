"""Which host carries which nodes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.records import Scenario


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
    cores = os.cpu_count() or 1
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
