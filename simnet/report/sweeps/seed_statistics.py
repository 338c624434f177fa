"""Means over seeds, and how far they can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of independent values; `half_width` is half its 95 % confidence interval, None for a single value."""

    value: float
    half_width: float | None
    count: int

    @property
    def low(self) -> float | None:
        """The interval's lower end."""
        return None if self.half_width is None else self.value - self.half_width

    @property
    def high(self) -> float | None:
        """The interval's upper end."""
        return None if self.half_width is None else self.value + self.half_width


def mean(values: Iterable[float | None]) -> Mean | None:
    """Return the mean of what is there, with Student's interval: one value a seed; None where nothing is there."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return None
    centre = math.fsum(known) / len(known)
    if len(known) == 1:
        return Mean(centre, None, 1)
    variance = math.fsum((value - centre) ** 2 for value in known) / (len(known) - 1)
    return Mean(centre, student_975(len(known) - 1) * math.sqrt(variance / len(known)), len(known))


def student_975(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t: what a two-sided 95 % interval takes."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


def weighted(pairs: Iterable[tuple[float | None, float | None]]) -> float | None:
    """Return the mean of (value, weight) over those that have both; None where the weights are nothing."""
    known = [(value, weight) for value, weight in pairs if value is not None and weight]
    whole = math.fsum(weight for _, weight in known)
    return math.fsum(value * weight for value, weight in known) / whole if whole else None
