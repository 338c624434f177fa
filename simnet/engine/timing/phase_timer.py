"""A timer of a run's phases, by the wall clock."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class PhaseTimer:
    """Measures the wall seconds of phases that follow each other, from `began` (`time.perf_counter`) on."""

    began: float
    seconds: dict[str, float] = field(default_factory=dict)
    started: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M:%S %z"))
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.began

    def mark(self, part: str) -> None:
        """Count everything since the last mark as `part`."""
        now = time.perf_counter()
        self.seconds[part] = now - self._last
        self._last = now

    @property
    def total(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self.began
