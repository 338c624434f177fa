"""Processor seconds by part, from any thread: where the time of a run went."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Stopwatch:
    """Adds up what threads spend on named parts, in their own processor time: waiting does not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: Counter[str] = Counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what this thread spends inside."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.add({name: time.thread_time() - began})

    def add(self, seconds: Mapping[str, float]) -> None:
        """Count what was measured elsewhere."""
        with self._lock:
            self._seconds.update(seconds)

    @property
    def seconds(self) -> dict[str, float]:
        """What has been counted so far."""
        with self._lock:
            return dict(self._seconds)
