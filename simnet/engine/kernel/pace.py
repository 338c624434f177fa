"""Ways to pass virtual time: as fast as possible, or paced by the wall clock."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    import simpy

    from simnet.engine.kernel.port import CarriedNodes

    PassTime = Callable[[simpy.Environment], None]
    """Runs a clock until nothing is left to happen."""

TOLERANCE_S = 0.010
"""An instant that begins later than this after its wall time has missed its deadline."""


def as_fast_as_possible(env: simpy.Environment) -> None:
    """Run a clock without any pause."""
    env.run()


@dataclass(slots=True)
class Pace:
    """A wall time for every instant: `factor` wall seconds a virtual second from the first instant on; counts those missed.

    Late instants are not skipped, and those after them are not put off: a run that is late may catch up.
    """

    factor: float
    wall_s: Callable[[], float] = time.monotonic
    instants: int = 0
    missed: int = 0
    worst_s: float = 0.0
    _origin: tuple[int, float] | None = field(default=None, init=False)
    _last_ns: int | None = field(default=None, init=False)

    def left_s(self, at_ns: int) -> float:
        """Return how much wall time there is until the instant `at_ns`; negative when it is late."""
        if self._origin is None:
            self._origin = at_ns, self.wall_s()
        origin_ns, origin_s = self._origin
        return origin_s + (at_ns - origin_ns) / SECOND_NS * self.factor - self.wall_s()

    def begin(self, at_ns: int) -> None:
        """The instant `at_ns` begins now."""
        if at_ns == self._last_ns:
            return
        self._last_ns = at_ns
        late_s = -self.left_s(at_ns)
        self.instants += 1
        self.missed += late_s > TOLERANCE_S
        self.worst_s = max(self.worst_s, late_s)

    def report(self) -> dict[str, float]:
        """Return the figures for the run's summary."""
        return {
            "factor": self.factor,
            "deadlines": self.instants,
            "missed": self.missed,
            "worst_ms": round(1000 * self.worst_s, 3),
        }


@dataclass(frozen=True, slots=True)
class PacedTime:
    """Runs a clock at a pace; `nodes` wait for each instant, so that they take in what hosts say meanwhile."""

    pace: Pace
    nodes: CarriedNodes

    def __call__(self, env: simpy.Environment) -> None:
        """Run the clock until nothing is left to happen."""
        while (at := env.peek()) != float("inf"):
            # What an earlier process of a resumed run has gone through is not paced again.
            if self.nodes.is_live:
                self.nodes.wait(self.pace.left_s(int(at)))
                self.pace.begin(int(at))
            env.step()
