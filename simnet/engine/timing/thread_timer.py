"""A timer of named parts of the work, summed over threads: by the wall clock, and by the processor."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from simnet.library_threads import waited_s

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CORES, AWAY = " (processor)", " (in threads of libraries)"
"""Ends of names: processor seconds of the threads that did a part, and wall seconds that they waited for threads of libraries."""


class _Inner(threading.local):
    """What the parts inside this thread's current part have taken."""

    core_s = 0.0
    away_s = 0.0


_INNER = _Inner()


class ThreadTimer:
    """Adds up what threads spend on named parts.

    Of parts inside each other, each counts its own processor seconds alone. Inference and some encoders compute in threads of
    their own libraries, which a thread's processor seconds leave out: `CoreBudget` shares these out by the waiting times.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: Counter[str] = Counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what this thread spends inside."""
        outer_core_s, outer_away_s = _INNER.core_s, _INNER.away_s
        _INNER.core_s = _INNER.away_s = 0.0
        began, core_s, away_s = time.perf_counter(), time.thread_time(), waited_s()
        try:
            yield
        finally:
            core_s, away_s = time.thread_time() - core_s, waited_s() - away_s
            self.add(
                {
                    name: time.perf_counter() - began,
                    name + CORES: core_s - _INNER.core_s,
                    name + AWAY: away_s - _INNER.away_s,
                }
            )
            _INNER.core_s, _INNER.away_s = outer_core_s + core_s, outer_away_s + away_s

    def add(self, seconds: Mapping[str, float]) -> None:
        """Count what was measured elsewhere."""
        with self._lock:
            self._seconds.update(seconds)

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by part until now."""
        with self._lock:
            return dict(self._seconds)
