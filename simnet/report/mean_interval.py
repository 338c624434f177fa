"""Means with 95 % confidence intervals: of independent values (one for each seed), and of consecutive, correlated frames."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

_BATCHES = 10
_STUDENT_975 = (12.706204736174694, 4.302652729749462, 3.1824463052837078, 2.7764451051977934, 2.5705818356363146,
                2.4469118511449786, 2.364624251592784, 2.306004135204166, 2.262157162798205)  # fmt: skip
"""97.5 % quantiles for 1 degree of freedom and more: a report of one run does without scipy, which loads in 0.25 s."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of independent values; `half_width` is half its 95 % confidence interval, None for a single value."""

    value: float
    half_width: float | None
    count: int

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""
        return None if self.half_width is None else self.value - self.half_width

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""
        return None if self.half_width is None else self.value + self.half_width


def mean(values: Iterable[float | None]) -> Mean | None:
    """Return the mean of the finite values (one for each seed) with Student's t interval; None without values."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return None
    centre = math.fsum(known) / len(known)
    return Mean(centre, _half_width(known, centre) if len(known) > 1 else None, len(known))


def batch_half_width(values: Sequence[float]) -> float | None:
    """Return half the 95 % confidence interval of the mean of consecutive, correlated `values`.

    Non-overlapping batch means (Law, Simulation Modeling and Analysis, 9.5.3): neighbouring frames are correlated, so the plain
    standard error would be far too small. Up to 10 batches of at least 2 values; None below 4 values.
    """
    count = min(_BATCHES, len(values) // 2)
    if count < 2:
        return None
    edges = [round(index * len(values) / count) for index in range(count + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    return _half_width(means, math.fsum(means) / count)


@cache
def student_975(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t, for a two-sided 95 % interval."""
    if degrees <= len(_STUDENT_975):
        return _STUDENT_975[degrees - 1]
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


def weighted(pairs: Iterable[tuple[float | None, float | None]]) -> float | None:
    """Return the weighted mean of the (value, weight) pairs that have both; None if the weights sum to zero."""
    known = [(value, weight) for value, weight in pairs if value is not None and weight]
    whole = math.fsum(weight for _, weight in known)
    return math.fsum(value * weight for value, weight in known) / whole if whole else None


def _half_width(values: Sequence[float], centre: float) -> float:
    variance = math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)
    return student_975(len(values) - 1) * math.sqrt(variance / len(values))
