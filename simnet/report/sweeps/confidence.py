"""Ratio of two curves' required bandwidths, with its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simnet.report.mean_interval import Mean, mean
from simnet.report.sweeps.required_bandwidth import FOUND, Requirement

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class MeasuredInterval:
    """95 % interval over seeds, clipped to the measured range; an end is `cut` if the interval extends beyond it."""

    low: float
    high: float
    low_cut: bool
    high_cut: bool


def within(logs: Mean, lowest: float, highest: float) -> MeasuredInterval | None:
    """Return the interval of a mean of logarithms, as values clipped to `lowest` and `highest`."""
    if logs.low is None or logs.high is None:
        return None
    # exp overflows above 709; such an end exceeds every measured bandwidth and is cut anyway.
    low, high = (math.exp(min(end, 700.0)) for end in (logs.low, logs.high))
    low_cut, high_cut = low < lowest * (1 - 1e-9), high > highest * (1 + 1e-9)
    return MeasuredInterval(lowest if low_cut else low, highest if high_cut else high, low_cut, high_cut)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Additional bandwidth that a curve requires over another, in percent, with its interval in percent; None for one seed."""

    percent: float
    interval: MeasuredInterval | None
    seeds: int

    @property
    def is_tie(self) -> bool:
        """Whether the interval includes zero; for one seed, whether the difference is within one percent."""
        if self.interval is None:
            return abs(self.percent) < 1
        return self.interval.low <= 0 <= self.interval.high


def ratio(
    own: Mapping[int, Requirement], other: Mapping[int, Requirement], own_range: Range, other_range: Range
) -> Ratio | None:
    """Return the additional bandwidth that `own` requires (negative: less); None unless every common seed has a number for both.

    The ranges are the lowest and highest measured bandwidth of each curve; the interval stays within their ratios.
    """
    common = sorted(own.keys() & other.keys())
    values = [(own[seed].value, other[seed].value) for seed in common if own[seed].kind == other[seed].kind == FOUND]
    known = [math.log(a / b) for a, b in values if a and b]
    logs = mean(known)
    if logs is None or len(known) < len(common):
        return None
    lowest = own_range[0] / other_range[1]
    highest = own_range[1] / other_range[0] if other_range[0] > 0 else math.inf
    found = within(logs, lowest, highest)
    percents = found and MeasuredInterval(_percent(found.low), _percent(found.high), found.low_cut, found.high_cut)
    return Ratio(_percent(math.exp(logs.value)), percents, logs.count)


def least_saving(own: Range, other: Range) -> int | None:
    """Return the minimum saving of `own` in whole percent, for any values inside both brackets; None below one percent."""
    if own[1] >= other[0]:
        return None
    return math.floor(100 * (1 - own[1] / other[0]) + 1e-9) or None


def _percent(share: float) -> float:
    return 100 * (share - 1)
