"""Required bandwidth for a quality, only between measured points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simnet.report.mean_interval import Mean, mean
from simnet.report.sweeps.views import PageView

AT_MOST, NOT_REACHED, UNKNOWN, FOUND, BETWEEN = "at most", "not reached", "unknown", "found", "between"
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
CLIFF_RATIO, CLIFF_DB, CLIFF_MS_SSIM = 2.5, 6.0, 0.2
"""Limits of linear interpolation: no value between two points that differ by more, in both the ratio of x and the quality."""
USUAL_DB = 30
"""Preferred quality level of a verdict: pictures are neither poor nor better than a viewer can see."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """Smallest x from which a quality is kept. `kind` is the meaning of `value`, which is None if there is no number."""

    kind: str
    value: float | None = None
    low: float | None = None
    """Lower of the two points that bracket the crossing; `value` is the upper one."""


def need(xs: Sequence[float | None], ys: Sequence[float | None], level: float, cliff: float = CLIFF_DB) -> Requirement:
    """Return the x from which y is at least `level`, by linear interpolation between neighbours, over log x if x is positive.

    `xs` ascend. There is no extrapolation beyond the measured points, and no interpolation over gaps (y is None), or between two
    points that are more than `CLIFF_RATIO` apart while y rises by more than `cliff`.
    """
    points = [(x, y) for x, y in zip(xs, ys, strict=True) if x is not None]
    known = [index for index, (_, y) in enumerate(points) if y is not None]
    if not known:
        return Requirement(UNKNOWN)
    below = [index for index in known if _of(points[index][1]) < level]
    if not below:
        return Requirement(AT_MOST, points[known[0]][0])
    last = below[-1]
    if last == len(points) - 1:
        return Requirement(NOT_REACHED, points[last][0])
    if points[last + 1][1] is None:
        return Requirement(UNKNOWN)
    return _crossing(
        (points[last][0], _of(points[last][1])), (points[last + 1][0], _of(points[last + 1][1])), level, cliff
    )


def _crossing(before: tuple[float, float], after: tuple[float, float], level: float, cliff: float) -> Requirement:
    (x0, y0), (x1, y1) = before, after
    if x1 > CLIFF_RATIO * x0 and y1 - y0 > cliff:
        return Requirement(BETWEEN, x1, x0)
    part = (level - y0) / (y1 - y0)
    if x0 > 0:
        return Requirement(FOUND, math.exp(math.log(x0) + part * (math.log(x1) - math.log(x0))))
    return Requirement(FOUND, x0 + part * (x1 - x0))


def needs(view: PageView, curve: str, column: str, level: float) -> dict[int, Requirement]:
    """Return the requirement of each seed's curve, up to its last requested bandwidth."""
    end = 1 + max((index for index, spot in enumerate(view.curves[curve]) if spot.asked), default=-1)
    seen = {seed: view.seed_curve(curve, seed, column) for seed in view.seeds}
    cliff = CLIFF_DB if column.endswith("psnr_db") else CLIFF_MS_SSIM
    return {
        seed: need(xs[:end], ys[:end], level, cliff)
        for seed, (xs, ys) in seen.items()
        if any(sample.seed == seed for spot in view.curves[curve] for sample in spot.samples)
    }


def centre(found: Iterable[Requirement]) -> Mean | None:
    """Return the mean of the logarithms of the required values; None unless every seed has one."""
    own = list(found)
    if not own or any(each.kind != FOUND or not each.value for each in own):
        return None
    return mean(math.log(_of(each.value)) for each in own)


def bracket(found: Iterable[Requirement]) -> tuple[float, float] | None:
    """Return the range of x that contains all seeds' requirements; None unless each crosses the level between measured points."""
    own = list(found)
    if not own or any(each.kind not in {FOUND, BETWEEN} for each in own):
        return None
    lows = [_of(each.value if each.low is None else each.low) for each in own]
    return min(lows), max(_of(each.value) for each in own)


def is_late(view: PageView, curve: str, found: Iterable[Requirement]) -> bool:
    """Return whether most frames of a curve are late at the bandwidth that it needs: at the nearest measured point to it."""
    values = [each.value for each in found if each.value]
    spots = [(spot.x, spot) for spot in view.curves[curve] if isinstance(spot.x, float) and spot.x > 0 and spot.samples]
    if not values or not spots:
        return False
    wanted = math.exp(sum(map(math.log, values)) / len(values))
    return min(spots, key=lambda pair: abs(math.log(pair[0] / wanted)))[1].is_mostly_late


def measured(view: PageView, curve: str, column: str) -> tuple[float, float]:
    """Return the lowest and highest x at which a curve of `view.measured` has a value in `column`."""
    xs = [spot.x for spot in view.curves[curve] if isinstance(spot.x, float) and spot.mean(column)]
    return min(xs, default=0.0), max(xs, default=math.inf)


def levels(values: Iterable[float], most: int = 6) -> list[float]:
    """Return evenly spaced round levels inside the span of `values`, at most `most`."""
    known = list(values)
    if not known:
        return []
    low, high = min(known), max(known)
    for step in _STEPS:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [round(index * step, 6) for index in range(first, last + 1)]
    return []


def reference_level(view: PageView, column: str) -> float | None:
    """Return the round level that most curves cross between measured points in every seed, preferably at one exact number.

    A crossing where most frames are late does not count. If several levels qualify, the nearest to 30 dB is returned.
    """
    spots = itertools.chain.from_iterable(view.curves.values())
    values = [found.value for spot in spots if (found := spot.mean(column))]
    counted = [(_crossed(view, column, level), level) for level in levels(values, 24)]
    most = max((count for count, _ in counted), default=(0, 0))
    best = [level for count, level in counted if count == most]
    whole = [level for level in best if level == round(level)] or best
    return min(whole, key=lambda level: abs(level - USUAL_DB)) if most > (0, 0) else None


def _crossed(view: PageView, column: str, level: float) -> tuple[int, int]:
    """Return the number of curves that cross the level between measured points, and how many of them at one exact number."""
    found = {curve: needs(view, curve, column, level).values() for curve in view.measured}
    every = [own for curve, own in found.items() if not is_late(view, curve, own)]
    return sum(bracket(own) is not None for own in every), sum(centre(own) is not None for own in every)


def _of(value: float | None) -> float:
    if value is None:
        raise ValueError("a gap has no value")
    return value
