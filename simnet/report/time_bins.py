"""Time bins, which limit the size of a curve for a run of any length."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from simnet.records import SECOND_NS, Row

_WIDTHS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600)
_MOST_BINS = 240
MOST_POINTS = 1200
"""Maximum frames of a curve with one point for each; a longer curve is drawn as means over bins."""

Item = TypeVar("Item")


def bin_width_s(virtual_s: float, at_least_s: float) -> float:
    """Return a round bin width of at least `at_least_s` that cuts `virtual_s` into at most about 240 bins."""
    least = max(at_least_s, virtual_s / _MOST_BINS)
    index = bisect.bisect_left(_WIDTHS_S, least * (1 - 1e-9))
    return float(_WIDTHS_S[index]) if index < len(_WIDTHS_S) else least


def bin_starts_s(virtual_s: float, width_s: float) -> list[float]:
    """Return the start of each bin in s; the end of the run may cut the last bin short."""
    count = max(1, -int(-(virtual_s / width_s) // (1 + 1e-9)))
    return [round(index * width_s, 6) for index in range(count)]


def per_second(
    items: Iterable[Item],
    when_ns: Callable[[Item], int],
    amount: Callable[[Item], float],
    virtual_s: float,
    width_s: float,
) -> list[float]:
    """Return the amount per second in each bin. Items at or past the end count in the last bin."""
    starts = bin_starts_s(virtual_s, width_s)
    totals = [0.0] * len(starts)
    for item in items:
        totals[bin_index(when_ns(item), width_s, len(starts))] += amount(item)
    spans = [min(width_s, virtual_s - start) for start in starts]
    return [round(total / span, 4) if span > 0 else 0.0 for total, span in zip(totals, spans, strict=True)]


def bin_index(t_ns: int, width_s: float, count: int) -> int:
    """Return the index of the bin that contains `t_ns`."""
    return min(max(t_ns // round(width_s * SECOND_NS), 0), count - 1)


def curve(
    rows: Sequence[Row], measure: Callable[[Row], float | None], virtual_s: float
) -> tuple[list[float], list[float | None]]:
    """Return capture times in s and the measure: one point for each frame, or means over bins for many frames.

    A frame without the measure is a gap (None), not zero.
    """
    if len(rows) <= MOST_POINTS:
        return [row.capture_ns / SECOND_NS for row in rows], [_rounded(measure(row)) for row in rows]
    width_s = bin_width_s(virtual_s, 0.0)
    starts = bin_starts_s(virtual_s, width_s)
    groups: list[list[float]] = [[] for _ in starts]
    for row in rows:
        if (value := measure(row)) is not None:
            groups[bin_index(row.capture_ns, width_s, len(starts))].append(value)
    return [start + width_s / 2 for start in starts], [_rounded(sum(g) / len(g)) if g else None for g in groups]


def cumulative(values: Sequence[float], whole: int) -> tuple[list[float], list[float]]:
    """Return the steps of the cumulative share (percent of `whole`) of `values`, thinned to about 400."""
    ordered = sorted(values)
    stride = max(1, len(ordered) // 400)
    ranks = sorted({*range(0, len(ordered), stride), len(ordered) - 1}) if ordered else []
    return [round(ordered[rank], 3) for rank in ranks], [round(100 * (rank + 1) / whole, 3) for rank in ranks]


def thin(items: Sequence[Item], most: int) -> Sequence[Item]:
    """Return at most about `most` items, evenly spaced."""
    return items[:: max(1, -(-len(items) // most))]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
