"""Which of many streams a page or a terminal shows one by one: the worst, some from the middle and the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_STREAMS = 40
"""Streams up to which each one is shown."""
WORST, MIDDLE, BEST = 12, 4, 4
"""How many are shown of more."""


def choose(goodness: Mapping[str, tuple[float, ...]]) -> tuple[str, ...]:
    """Return the streams to show, in the order of `goodness`, which says how well each one fared: higher is better."""
    if len(goodness) <= MOST_STREAMS:
        return tuple(goodness)
    ranked = sorted(goodness, key=lambda name: goodness[name])
    middle = (len(ranked) - MIDDLE) // 2
    chosen = {*ranked[:WORST], *ranked[middle : middle + MIDDLE], *ranked[-BEST:]}
    return tuple(name for name in goodness if name in chosen)


def goodness_of(frames: int, decoded: int, latency_ms_p95: float | None) -> tuple[float, float]:
    """Return how well a stream fared: by its share of pictures in time, then by its latency."""
    return decoded / frames if frames else 0.0, -(latency_ms_p95 or 0.0)
