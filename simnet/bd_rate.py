"""Bjontegaard delta rate and delta quality between rate-distortion curves, over a chosen range.

The `bjontegaard` package interpolates the curves: Akima interpolation over log10 of the rate (Bjontegaard, VCEG-M33; the
interpolation: Herglotz et al., "The Bjontegaard bible", 2024), or piecewise cubic Hermite (PCHIP), which stays within the range
of two neighbouring points. The quality at a receiver saturates, and there Akima curves overshoot by orders of magnitude.
Nothing is extrapolated: if two curves overlap hardly or not at all, the result is a reason instead of a number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

Points = Sequence[Mapping[str, float]]
"""Points of a curve, each with a rate (`bpp` or `kbit_s`), `psnr_db`, `ms_ssim`."""
Rates = tuple[float, float]
"""A range of rates in bits per pixel."""

LEAST_POINTS = 4
"""Minimum number of points for Bjontegaard's differences (VCEG-M33)."""
LEAST_SHARE = 0.1
"""Minimum overlap, as a share of the anchor's interval; curves with less are not compared."""
UNITS = {"psnr_db": "dB", "ms_ssim": "MS-SSIM", "bpp": "bpp", "kbit_s": "kbit/s"}
"""Units of qualities and rates; a quality that is not here is its own unit."""


@dataclass(frozen=True, slots=True)
class Delta:
    """A mean difference; `value` is None if it is undefined, and `reason` says why.

    `low` and `high` bound the averaging interval (dB or MS-SSIM for a rate, bpp for a quality); `share` in [0, 1] is its share
    of the anchor's own interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    share: float | None = None
    reason: str = ""


def bd_rate(
    anchor: Points,
    curve: Points,
    metric: str,
    rates: Rates | None = None,
    rate: str = "bpp",
    method: Literal["akima", "pchip"] = "akima",
) -> Delta:
    """Mean rate change at equal quality, in percent of the anchor's rate; a negative value means fewer bits.

    With `rates`, the mean is over the qualities that the *anchor* reaches inside that range of `rate` (end points interpolated
    on its curve), as far as the other curve reaches them too. `rate` is the points' key for the rate, a key of `UNITS`.
    """
    (log_a, own), (log_c, other) = rising(anchor, metric, rate), rising(curve, metric, rate)
    if reason := _too_few(len(own), len(other)):
        return Delta(None, reason=reason)
    return rate_between(interpolated(own, log_a, method), interpolated(other, log_c, method), metric, rates, rate)


def bd_quality(anchor: Points, curve: Points, metric: str = "psnr_db", rates: Rates | None = None) -> Delta:
    """Mean quality change (dB for `psnr_db`) at equal rate, over the rates that both curves cover (inside `rates`)."""
    (log_a, own), (log_c, other) = rising(anchor, metric), rising(curve, metric)
    if reason := _too_few(len(own), len(other)):
        return Delta(None, reason=reason)
    return quality_between(interpolated(log_a, own), interpolated(log_c, other), rates)


@dataclass(frozen=True, slots=True)
class InterpolatedCurve:
    """A curve as a function: of the quality (its values are log10 rates), or of the log10 rate (its values are qualities)."""

    f: Any
    low: float
    high: float


def interpolated(x: np.ndarray, y: np.ndarray, method: Literal["akima", "pchip"] = "akima") -> InterpolatedCurve:
    """Return the package's interpolation through points that rise strictly; there are at least `LEAST_POINTS`."""
    from bjontegaard.interpolation import interpolate

    return InterpolatedCurve(interpolate(x, y, method), float(x[0]), float(x[-1]))


def rate_between(
    anchor: InterpolatedCurve, curve: InterpolatedCurve, metric: str, rates: Rates | None, rate: str = "bpp"
) -> Delta:
    """Return `bd_rate` of two curves that are functions of the quality."""
    ends = (curve.low, curve.high)
    if min(anchor.high, curve.high) <= max(anchor.low, curve.low):
        return Delta(None, reason=_apart((anchor.low, anchor.high), ends, metric))
    interval = _qualities_within(anchor.f, (anchor.low, anchor.high), rates)
    if interval is None:
        return Delta(None, reason=f"the anchor has no rate within {_range(rates or (0, 0), UNITS[rate])}")
    mean = _mean(anchor.f, curve.f, interval, ends, metric)
    return mean if mean.value is None else _with(mean, 100 * (10**mean.value - 1))


def quality_between(anchor: InterpolatedCurve, curve: InterpolatedCurve, rates: Rates | None) -> Delta:
    """Return `bd_quality` of two curves that are functions of the log10 rate."""
    low, high = (math.log10(rate) for rate in rates) if rates else (-math.inf, math.inf)
    interval = max(anchor.low, low), min(anchor.high, high)
    if interval[0] >= interval[1]:
        return Delta(None, reason=f"the anchor has no rate within {_range(rates or (0, 0), 'bpp')}")
    if min(anchor.high, curve.high) <= max(anchor.low, curve.low):
        spans = [(10**each.low, 10**each.high) for each in (anchor, curve)]
        return Delta(None, reason=_apart(spans[0], spans[1], "bpp"))
    mean = _mean(anchor.f, curve.f, interval, (curve.low, curve.high), "bpp")
    if mean.low is None or mean.high is None:
        return mean
    return Delta(mean.value, 10**mean.low, 10**mean.high, mean.share)


def rising(points: Points, metric: str, rate: str = "bpp") -> tuple[np.ndarray, np.ndarray]:
    """Return log10 rates and qualities (float64 (n,) each) of the points whose quality no cheaper point reaches.

    Both rise strictly.
    """
    kept: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda point: (point[rate], -point[metric])):
        if not kept or (point[rate] > kept[-1][0] and point[metric] > kept[-1][1]):
            kept.append((point[rate], point[metric]))
    table = np.array(kept, dtype=np.float64).reshape(-1, 2)
    return np.log10(table[:, 0]), table[:, 1]


def _qualities_within(f_anchor: Any, ends: tuple[float, float], rates: Rates | None) -> tuple[float, float] | None:
    """Return the quality interval where the anchor's curve f (quality -> log10 bpp) is inside `rates`; None if empty."""
    from scipy.optimize import brentq

    if rates is None:
        return ends

    def at(rate: float) -> float:
        wanted = math.log10(rate)
        if wanted <= float(f_anchor(ends[0])):
            return ends[0]
        if wanted >= float(f_anchor(ends[1])):
            return ends[1]
        return float(cast("float", brentq(lambda quality: float(f_anchor(quality)) - wanted, *ends)))

    low, high = at(rates[0]), at(rates[1])
    return (low, high) if low < high else None


def _mean(f_anchor: Any, f_curve: Any, interval: tuple[float, float], ends: tuple[float, float], axis: str) -> Delta:
    """Return the mean of f_curve - f_anchor where the anchor's interval and the curve's ends overlap."""
    low, high = max(interval[0], ends[0]), min(interval[1], ends[1])
    share = (high - low) / (interval[1] - interval[0])
    if share <= 0:
        spans = [tuple(10**value if axis == "bpp" else value for value in span) for span in (interval, ends)]
        return Delta(None, reason=_apart(spans[0], spans[1], axis))
    if share < LEAST_SHARE:
        return Delta(None, reason=f"the curves share only {100 * share:.0f} % of the anchor's interval")
    value = (float(f_curve.integrate(low, high)) - float(f_anchor.integrate(low, high))) / (high - low)
    return Delta(value, low, high, share)


def _with(delta: Delta, value: float) -> Delta:
    return Delta(value, delta.low, delta.high, delta.share)


def _too_few(anchor: int, curve: int) -> str:
    if min(anchor, curve) >= LEAST_POINTS:
        return ""
    whose, count = ("the anchor", anchor) if anchor < LEAST_POINTS else ("the curve", curve)
    return f"{whose} has {count} rising point{'s' * (count != 1)}; {LEAST_POINTS} are needed"


def _apart(anchor: Sequence[float], curve: Sequence[float], axis: str) -> str:
    return f"no overlap: the anchor has {_range(anchor, UNITS.get(axis, axis))}, the curve {_range(curve, UNITS.get(axis, axis))}"


def _range(ends: Sequence[float], unit: str) -> str:
    digits = {"dB": 2, "MS-SSIM": 4}.get(unit, 3)
    return f"{ends[0]:.{digits}f} to {ends[-1]:.{digits}f} {unit}"
