"""How much bandwidth a quality takes, between measured points only, and what one curve needs of another's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simnet.report.sweeps.statistics import Mean, mean
from simnet.report.sweeps.views import View

AT_MOST, NOT_REACHED, UNKNOWN, FOUND = "at most", "not reached", "unknown", "found"
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
USUAL_DB = 30
"""Where pictures are neither poor nor beyond what anybody sees: what a verdict is about if it can be."""


@dataclass(frozen=True, slots=True)
class Need:
    """The x from which on a quality is kept. `kind` says how `value` is meant; it is None where there is none."""

    kind: str
    value: float | None = None


def need(xs: Sequence[float | None], ys: Sequence[float | None], level: float) -> Need:
    """Return from which x on y is at least `level`, by lines between neighbouring points over log x where x is above zero.

    `xs` ascend. What lies beyond the measured points, or in a gap (y is None) between two of them, is not guessed.
    """
    points = [(x, y) for x, y in zip(xs, ys, strict=True) if x is not None]
    known = [index for index, (_, y) in enumerate(points) if y is not None]
    if not known:
        return Need(UNKNOWN)
    below = [index for index in known if _of(points[index][1]) < level]
    if not below:
        return Need(AT_MOST, points[known[0]][0])
    last = below[-1]
    if last == known[-1]:
        return Need(NOT_REACHED, points[last][0])
    if points[last + 1][1] is None:
        return Need(UNKNOWN)
    (x0, y0), (x1, y1) = points[last], points[last + 1]
    part = (level - _of(y0)) / (_of(y1) - _of(y0))
    if x0 > 0:
        return Need(FOUND, math.exp(math.log(x0) + part * (math.log(x1) - math.log(x0))))
    return Need(FOUND, x0 + part * (x1 - x0))


def needs(view: View, curve: str, column: str, level: float) -> dict[int, Need]:
    """Return what each seed's own curve needs."""
    return {
        seed: need(*view.seed_curve(curve, seed, column), level)
        for seed in view.seeds
        if any(sample.seed == seed for spot in view.curves[curve] for sample in spot.samples)
    }


@dataclass(frozen=True, slots=True)
class Ratio:
    """What a curve needs less what another needs, in percent of the other; the ends are a 95 % interval over seeds."""

    percent: float
    low: float | None
    high: float | None
    seeds: int

    @property
    def is_tie(self) -> bool:
        """Whether the seeds do not tell the two apart; for one seed, whether they are within a percent."""
        if self.low is None or self.high is None:
            return abs(self.percent) < 1
        return self.low <= 0 <= self.high


def ratio(own: dict[int, Need], other: dict[int, Need]) -> Ratio | None:
    """Return how much more (below zero: less) `own` needs; None where not every common seed has both."""
    common = sorted(own.keys() & other.keys())
    pairs = [(own[seed], other[seed]) for seed in common]
    if not pairs or any(each.kind != FOUND or not each.value for pair in pairs for each in pair):
        return None
    logs = mean(math.log(_of(a.value) / _of(b.value)) for a, b in pairs)
    return None if logs is None else Ratio(_percent(logs.value), *_ends(logs), logs.count)


def centre(found: Iterable[Need]) -> Mean | None:
    """Return the mean of the logarithms of what was found, if every seed found it."""
    own = list(found)
    if not own or any(each.kind != FOUND or not each.value for each in own):
        return None
    return mean(math.log(_of(each.value)) for each in own)


def levels(values: Iterable[float], most: int = 6) -> list[float]:
    """Return round levels inside the span of `values`, at most `most` and evenly apart."""
    known = list(values)
    if not known:
        return []
    low, high = min(known), max(known)
    for step in _STEPS:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [round(index * step, 6) for index in range(first, last + 1)]
    return []


def reference_level(view: View, column: str) -> float | None:
    """Return the round level that most curves cross between measured points in every seed; of several the nearest to 30 dB."""
    spots = itertools.chain.from_iterable(view.curves.values())
    values = [found.value for spot in spots if (found := spot.mean(column))]
    counted = [
        (sum(centre(needs(view, curve, column, level).values()) is not None for curve in view.measured), level)
        for level in levels(values, 24)
    ]
    most = max((count for count, _ in counted), default=0)
    best = [level for count, level in counted if count == most]
    whole = [level for level in best if level == round(level)] or best
    return min(whole, key=lambda level: abs(level - USUAL_DB)) if most else None


def _ends(logs: Mean) -> tuple[float | None, float | None]:
    if logs.low is None or logs.high is None:
        return None, None
    return _percent(logs.low), _percent(logs.high)


def _percent(log: float) -> float:
    return 100 * math.expm1(min(log, 50.0))


def _of(value: float | None) -> float:
    if value is None:
        raise ValueError("a gap has no value")
    return value
