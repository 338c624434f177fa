"""A timer of named parts of the work, summed over threads."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ThreadTimer:
    """Adds up what threads spend on named parts, by the wall clock.

    Inference runs in threads of its own library, so a thread's own processor time would leave it out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: Counter[str] = Counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what this thread spends inside."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add({name: time.perf_counter() - began})

    def add(self, seconds: Mapping[str, float]) -> None:
        """Count what was measured elsewhere."""
        with self._lock:
            self._seconds.update(seconds)

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by part until now."""
        with self._lock:
            return dict(self._seconds)
