"""Rehearsal of a paced run: its first instants as fast as possible, to say beforehand whether the machine holds the pace."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.engine import runner
from simnet.engine.run_options import RunOptions
from simnet.interrupts import CancelToken
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from simnet.records import Scenario

FRAMES = 12
"""Frames of the fastest camera in a rehearsal."""
LONGEST_S = 6.0
"""Wall time after the first instants in which a rehearsal ends, whatever it has seen."""
HOLDS, DOUBTFUL = 0.6, 1.0
"""Shares of the pace that work may take: below the first it holds, above the second it does not."""


@dataclass(slots=True)
class _Instants:
    """Wall times of instants; ends the rehearsal once it has taken long enough."""

    asked: CancelToken
    own: CancelToken = field(default_factory=CancelToken)
    seen: dict[int, float] = field(default_factory=dict[int, float])

    def __call__(self, now_ns: int) -> None:
        now_s = time.monotonic()
        self.seen.setdefault(now_ns, now_s)
        first_s = next(iter(self.seen.values()))
        if self.asked.is_set or (now_s - first_s > LONGEST_S and len(self.seen) > 2):
            self.own.set()

    def wall_s_per_virtual_s(self) -> float | None:
        """Return the work of a virtual second; the first instant opens codecs and does not count."""
        found = list(self.seen.items())[1:]
        if len(found) < 2:
            return None
        (begin_ns, begin_s), (end_ns, end_s) = found[0], found[-1]
        return (end_s - begin_s) / ((end_ns - begin_ns) / SECOND_NS)


def rehearse(scenario: Scenario, hosts: int = 0, cancel: CancelToken | None = None) -> float | None:
    """Return how many wall seconds a virtual second takes here, at the beginning of the run; None for too short a run.

    Raises:
        SimnetError: Whatever is wrong with the scenario, its world or its codecs.
        KeyboardInterrupt: `cancel` was set.
    """
    periods = [scenario.cameras[stream.name].period_ns for stream in scenario.streams]
    shortened = replace(scenario, duration_ns=min(scenario.duration_ns, max(FRAMES * min(periods), 3 * max(periods))))
    asked = CancelToken() if cancel is None else cancel
    instants = _Instants(asked)
    with tempfile.TemporaryDirectory(prefix="simnet-") as folder:
        try:
            options = RunOptions(hosts=hosts, report=False, progress=instants, cancel=instants.own)
            runner.run(shortened, Path(folder) / "rehearsal", options)
        except KeyboardInterrupt:
            if asked.is_set or not instants.own.is_set:
                raise
    return instants.wall_s_per_virtual_s()


def verdict(work_s: float, factor: float) -> str:
    """Return whether a pace of `factor` wall seconds a virtual second will be held, in one line."""
    measured = f"a virtual second takes {work_s:.2g} s of work here"
    if work_s < HOLDS * factor:
        return f"this machine holds the pace: {measured}, of {factor:g} s"
    slower = f"--realtime {slow_enough(work_s):g} would be slow enough"
    if work_s < DOUBTFUL * factor:
        return f"this machine hardly holds the pace: {measured}, of {factor:g} s; {slower}"
    return f"this machine will not hold the pace: {measured}, more than the {factor:g} s that it has; {slower}"


def slow_enough(work_s: float) -> float:
    """Return a round factor, at least 1, at which so much work is done in time."""
    needed = work_s / HOLDS
    return max(1.0, -(-needed * 2 // 1) / 2)
