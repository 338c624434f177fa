"""Histogram of times with a fixed number of bins, independent of the number of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

EDGES_MS = np.concatenate(
    [np.arange(0, 1000, 2), np.arange(1000, 10_000, 50), np.arange(10_000, 100_000, 1000), [np.inf]], dtype=np.float64
)
"""Bin edges in ms: 2 ms apart up to 1 s, the range of deadlines; coarser beyond."""
RESOLUTION_MS = 2


class Histogram:
    """Amounts by bin, in frames or in milliseconds of time."""

    __slots__ = ("amounts",)

    def __init__(self) -> None:
        self.amounts = np.zeros(len(EDGES_MS) - 1)

    def count(self, times_ms: Sequence[float]) -> None:
        """Add one for each of these times."""
        self.amounts += np.histogram(times_ms, EDGES_MS)[0]

    def spread(self, pieces: Iterable[tuple[float, float]]) -> None:
        """Add ages that grow from `start_ms` over `lasting_ms`, given as pairs: each bin gets its share of the time."""
        for start_ms, lasting_ms in pieces:
            reached = np.clip(EDGES_MS - start_ms, 0, lasting_ms)
            self.amounts += np.diff(reached)

    def add(self, other: Histogram) -> None:
        """Add the amounts of another histogram."""
        self.amounts += other.amounts

    @property
    def total(self) -> float:
        """Sum of all amounts."""
        return float(self.amounts.sum())

    def quantile(self, share: float) -> float | None:
        """Return the `share` quantile (0 to 1) in ms, interpolated in its bin; None for an empty histogram."""
        if not self.total:
            return None
        reached = np.concatenate([[0.0], np.cumsum(self.amounts)]) / self.total
        index = int(np.searchsorted(reached, share, side="left"))
        low, high = EDGES_MS[max(index - 1, 0)], EDGES_MS[min(index, len(EDGES_MS) - 2)]
        step = reached[index] - reached[index - 1] if index else 0.0
        inside = (share - reached[index - 1]) / step if step else 0.0
        return round(float(low + inside * max(high - low, 0.0)), 2)

    def steps(self, whole: float, most: int = 60) -> tuple[list[float], list[float]]:
        """Return times (ms) and cumulative shares in percent of `whole`, thinned to about `most` points of a line."""
        filled = np.flatnonzero(self.amounts)
        if not len(filled) or not whole:
            return [], []
        reached = 100 * np.cumsum(self.amounts) / whole
        last = min(int(filled[-1]) + 1, len(EDGES_MS) - 2)
        inner = filled[:: max(1, -(-len(filled) // most))]
        ends = sorted({*(int(index) + 1 for index in inner if index + 1 < last), last})
        first = int(filled[0])
        x = [float(EDGES_MS[first]), *(float(EDGES_MS[end]) for end in ends)]
        return x, [0.0, *(round(float(reached[end - 1]), 3) for end in ends[:-1]), round(float(reached[-1]), 3)]
