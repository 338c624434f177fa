"""The problem that fusion solves to allot bit rates: a concave quality over streams that share links, by `scipy.optimize`.

A stream i of rate R_i (bit/s, headers included) carries e^y_i bits of picture data for each pixel. Quality in dB is

    Q_i = a y_i + G_i (1 - exp(-(y_k - y_i) / w))      k = the stream whose pictures serve i, its anchor

The first part is a rate-distortion curve, a line in the logarithm of the rate (a = 3 dB: 2.1 dB for each doubling). The second is
what side information brings: nothing from a picture as coarse as the own one, up to G_i dB from a much finer one. With y_k >= y_i
both are concave in y, and so are their mean and their minimum. Rates are convex in y:

    maximise    mean_i Q_i, or min_i Q_i            (or all R_i are equal, as large as they can be: to compare with)
    subject to  sum_i R_i(y_i) cost_ri <= share_r for each link or medium r,  min_i <= R_i <= max_i,  y_k >= y_i if G_i > 0

Where y_k >= y_i costs more than it brings (an anchor on a slow link), the problem without side information is better; both are
solved, and the better one counts. Rates are rounded down to steps of a 64th of an octave (1.1 %), coarse against what processors
differ in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Vector = npt.NDArray[np.float64]
"""One number a stream, or a row of them for each of something."""

DB_PER_NEPER = 3.0
"""Rise of PSNR while the rate grows by a factor of e: that of atn from 0.03 to 0.5 bits per pixel of simnet's scenes, about."""
GAIN_WIDTH = 1.5
"""Difference of logarithms of the rates per pixel at which side information brings 63 % of what it may bring."""
STEPS_PER_OCTAVE = 64
_ITERATIONS = 200


@dataclass(frozen=True, slots=True)
class Demand:
    """A stream as the problem sees it."""

    pixels_per_s: float
    frames_per_s: float
    overhead_bytes: int
    """Of one packet."""
    payload_bytes: int
    min_bps: float
    max_bps: float
    anchor: int | None = None
    """The stream that serves this one, by its place."""
    gain_db: float = 0.0
    """What a much finer picture of the anchor would bring."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A link or a shared medium: `costs` is the share of its time that a bit/s of each stream takes, 0 where it takes none."""

    costs: tuple[float, ...]
    share: float = 1.0


def level(bitstream_bps: float, demand: Demand) -> float:
    """Return the logarithm of the bits per pixel of a stream."""
    return math.log(max(bitstream_bps, 1.0) / demand.pixels_per_s)


def side_gain_db(gain_db: float, above: float) -> float:
    """Return what an anchor brings whose level is `above` the stream's."""
    return gain_db * (1.0 - math.exp(-max(above, 0.0) / GAIN_WIDTH))


def rounded_down(rate_bps: float) -> int:
    """Return the largest step that is not above a rate of at least 1 bit/s."""
    step = math.floor(STEPS_PER_OCTAVE * math.log2(rate_bps) + 1e-6)
    return math.floor(2.0 ** (step / STEPS_PER_OCTAVE) + 1e-6)


def solve(demands: Sequence[Demand], resources: Sequence[Resource], objective: str = "mean") -> list[int]:
    """Return a rate in bit/s for each stream.

    A stream gets its least rate at the least, whatever that takes. Otherwise no resource is used beyond its share.
    """
    if not demands:
        return []
    problems = [_Problem(demands, resources, objective, coupled=False)]
    if objective != "equal" and any(demand.anchor is not None and demand.gain_db > 0 for demand in demands):
        problems.append(_Problem(demands, resources, objective, coupled=True))
    solutions = [problem.solve() for problem in problems]
    best = max(solutions, key=lambda rates: round(problems[0].quality(rates), 6))
    return [
        max(math.ceil(demand.min_bps), min(rounded_down(max(rate, 1.0)), math.floor(demand.max_bps)))
        for demand, rate in zip(demands, best, strict=True)
    ]


class _Problem:
    """One of the two convex problems, in y."""

    def __init__(
        self, demands: Sequence[Demand], resources: Sequence[Resource], objective: str, *, coupled: bool
    ) -> None:
        self._demands, self._objective, self._coupled = demands, objective, coupled
        pixels = np.array([each.pixels_per_s for each in demands])
        self._per_level: Vector = pixels * [1 + each.overhead_bytes / each.payload_bytes for each in demands]
        """Rate of a stream at level 0, without its fixed part."""
        # A frame's last packet is not full: half of a header is added, and the first one has its own.
        self._fixed: Vector = np.array([8 * each.frames_per_s * each.overhead_bytes for each in demands])
        self._costs = np.array([each.costs for each in resources]).reshape(len(resources), len(demands))
        self._shares = np.array([each.share for each in resources])
        self._low = np.array([self._level_of(at, each.min_bps) for at, each in enumerate(demands)])
        self._high = np.maximum(self._low, [self._level_of(at, each.max_bps) for at, each in enumerate(demands)])
        self._served = [
            (at, each.anchor, each.gain_db)
            for at, each in enumerate(demands)
            if each.anchor is not None and each.gain_db > 0
        ]

    def quality(self, rates: Vector) -> float:
        """Return the objective at `rates`, side information that brings nothing included."""
        levels = np.array([self._level_of(at, rate) for at, rate in enumerate(rates)])
        each = DB_PER_NEPER * levels
        for at, anchor, gain_db in self._served:
            each[at] += side_gain_db(gain_db, levels[anchor] - levels[at])
        return float(each.mean() if self._objective == "mean" else each.min())

    def solve(self) -> Vector:
        """Return rates within the bounds; within the shares too, unless the least rates are not."""
        from scipy.optimize import minimize  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

        if self._objective == "equal":
            return self._equal()
        start = self._start()
        if not len(self._shares) or np.all(start <= self._low):
            return self._bounded(start)
        with_floor = self._objective == "minimum"
        first = np.append(start, self._each(start).min()) if with_floor else start
        bounds = list(zip(self._low, self._high, strict=True)) + ([(None, None)] if with_floor else [])
        found = cast("Any", minimize)(
            self._loss,
            first,
            jac=True,
            bounds=bounds,
            constraints=self._constraints(with_floor=with_floor),
            method="SLSQP",
            options={"maxiter": _ITERATIONS, "ftol": 1e-9},
        )
        levels: Vector = np.asarray(found.x, np.float64)[: len(start)]
        if not np.all(np.isfinite(levels)):
            levels = start
        return self._bounded(self._scaled_into(np.clip(levels, self._low, self._high)))

    def _bounded(self, levels: Vector) -> Vector:
        """Return the rates of levels; the least rate at the least level, even where headers alone would take more."""
        least = np.array([each.min_bps for each in self._demands])
        return np.where(levels <= self._low, least, self._rates(levels))

    def _level_of(self, at: int, rate_bps: float) -> float:
        return math.log(max(rate_bps - self._fixed[at], 1.0) / self._per_level[at])

    def _rates(self, levels: Vector) -> Vector:
        return self._per_level * np.exp(levels) + self._fixed

    def _used(self, levels: Vector) -> float:
        """Return the use of the resource that is used most, relative to its share."""
        used = self._costs @ self._rates(levels)
        return float(np.max(used / self._shares)) if len(used) else 0.0

    def _start(self) -> Vector:
        """Return a point inside: all streams the same part of the way from their least to their highest level."""
        return self._scaled_into(self._high)

    def _scaled_into(self, levels: Vector) -> Vector:
        """Return the point nearest to `levels` on the way to the least rates that keeps the shares."""
        if self._used(levels) <= 1.0:
            return levels
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            if self._used(self._low + middle * (levels - self._low)) <= 1.0:
                low = middle
            else:
                high = middle
        return self._low + low * (levels - self._low)

    def _equal(self) -> Vector:
        """Return the largest rate that all streams can have, within their bounds."""
        low = np.array([each.min_bps for each in self._demands])
        high = np.array([max(each.min_bps, each.max_bps) for each in self._demands])
        bounds = 0.0, math.log(high.max())
        for _ in range(50):
            middle = sum(bounds) / 2
            rates = np.clip(math.exp(middle), low, high)
            fits = not len(self._shares) or np.max(self._costs @ rates / self._shares) <= 1.0
            bounds = (middle, bounds[1]) if fits else (bounds[0], middle)
        return np.clip(math.exp(bounds[0]), low, high)

    def _each(self, levels: Vector) -> Vector:
        quality = DB_PER_NEPER * levels
        if self._coupled:
            for at, anchor, gain_db in self._served:
                quality[at] += gain_db * (1 - math.exp(-(levels[anchor] - levels[at]) / GAIN_WIDTH))
        return quality

    def _slopes(self, levels: Vector) -> Vector:
        """Return the derivatives of each stream's quality (rows) by each level (columns)."""
        slopes = np.diag(np.full(len(levels), DB_PER_NEPER))
        if self._coupled:
            for at, anchor, gain_db in self._served:
                slope = gain_db / GAIN_WIDTH * math.exp(-(levels[anchor] - levels[at]) / GAIN_WIDTH)
                slopes[at, anchor] += slope
                slopes[at, at] -= slope
        return slopes

    def _loss(self, point: Vector) -> tuple[float, Vector]:
        if self._objective == "minimum":
            return -float(point[-1]), np.append(np.zeros(len(point) - 1), -1.0)
        return -float(self._each(point).mean()), -self._slopes(point).mean(axis=0)

    def _constraints(self, *, with_floor: bool) -> list[dict[str, object]]:
        found: list[dict[str, object]] = [_at_least_zero(self._left, self._left_slopes)]
        if self._coupled:
            found.append(_at_least_zero(self._above, self._above_slopes))
        if with_floor:
            found.append(_at_least_zero(self._over_floor, self._over_floor_slopes))
        return found

    def _left(self, point: Vector) -> Vector:
        """Return what is left of each resource, as a part of its share."""
        return 1.0 - self._costs @ self._rates(point[: len(self._low)]) / self._shares

    def _left_slopes(self, point: Vector) -> Vector:
        growth = self._per_level * np.exp(point[: len(self._low)])
        return _widened(-self._costs * growth / self._shares[:, None], len(point))

    def _above(self, point: Vector) -> Vector:
        """Return how much higher the level of each anchor is than that of the stream that it serves."""
        return self._above_slopes(point) @ point

    def _above_slopes(self, point: Vector) -> Vector:
        rows = np.zeros((len(self._served), len(point)))
        for row, (at, anchor, _) in enumerate(self._served):
            rows[row, anchor], rows[row, at] = 1.0, -1.0
        return rows

    def _over_floor(self, point: Vector) -> Vector:
        """Return how much better each stream is than the minimum, which is the point's last number."""
        return self._each(point[:-1]) - point[-1]

    def _over_floor_slopes(self, point: Vector) -> Vector:
        return np.hstack([self._slopes(point[:-1]), np.full((len(self._low), 1), -1.0)])


def _widened(rows: Vector, columns: int) -> Vector:
    """Return rows with columns of zeros added on the right."""
    return np.hstack([rows, np.zeros((len(rows), columns - rows.shape[1]))])


def _at_least_zero(value: Callable[[Vector], Vector], slopes: Callable[[Vector], Vector]) -> dict[str, object]:
    return {"type": "ineq", "fun": value, "jac": slopes}
