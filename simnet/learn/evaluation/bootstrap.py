"""Bootstrap of an evaluation: intervals of curves and differences over its pictures and drives.

    drives, drawn with replacement ──▶ pictures of each, drawn with replacement ──▶ counts (replicates, pictures)
    counts ──▶ every curve anew ──▶ every difference anew ──▶ 2.5 % and 97.5 % of them

All curves of a replicate are of the same pictures, so that a difference between codecs is one of pairs. With one drive only its
pictures are drawn. The pictures of one pair (both directions) are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simnet import bd_rate, seeds
from simnet.bd_rate import InterpolatedCurve, Rates
from simnet.learn.evaluation.evaluation_rows import PictureScore, Point

REPLICATES = 400
"""Default number of replicates: the ends of an interval are then good to about a tenth of its width."""
MOST_REPLICATES = 100_000
LEAST_SHARE = 0.9
"""Least share of replicates in which a difference is defined; below it there is no interval."""
_SEED = 1
_LEVELS = (2.5, 97.5)
Unit = tuple[str, str, str]
"""Data set, drive and pair."""
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Counts int64 (replicates, units): how often each pair is drawn."""

    counts: np.ndarray
    units: Mapping[Unit, int]
    drives: int

    @property
    def firsts(self) -> list[int]:
        """For each replicate the first one with the same pairs: with few pairs there are few different ones."""
        _, first, which = np.unique(self.counts, axis=0, return_index=True, return_inverse=True)
        return first[which.reshape(-1)].tolist()


def resampled(scores: Sequence[PictureScore], replicates: int) -> Resampled | None:
    """Draw replicates of the pairs in `scores`; None with fewer than two pairs, or without replicates."""
    units = {unit: index for index, unit in enumerate(dict.fromkeys(map(unit_of, scores)))}
    if len(units) < 2 or not replicates:
        return None
    drives: dict[tuple[str, str], list[int]] = {}
    for (data, drive, _), index in units.items():
        drives.setdefault((data, drive), []).append(index)
    draw = seeds.generator(_SEED, "bootstrap", str(len(units)))
    members = [np.array(own) for own in drives.values()]
    counts = np.zeros((replicates, len(units)), np.int64)
    for row in counts:
        for chosen in draw.integers(len(members), size=len(members)):
            own = members[chosen]
            np.add.at(row, own[draw.integers(len(own), size=len(own))], 1)
    return Resampled(counts, units, len(drives))


def unit_of(score: PictureScore) -> Unit:
    """Return what is drawn together."""
    return score.data, score.drive, score.picture


def curves(scores: Sequence[PictureScore], drawn: Resampled, metrics: Sequence[str]) -> list[list[Point]]:
    """Return one curve a replicate, as `evaluation_rows.curve`."""
    settings: dict[tuple[str, float], list[PictureScore]] = {}
    for score in scores:
        settings.setdefault((score.model, score.quality), []).append(score)
    found = []
    for (_, quality), own in settings.items():
        weights = drawn.counts[:, [drawn.units[unit_of(score)] for score in own]].astype(np.float64)
        total = np.maximum(weights.sum(axis=1), 1)
        pixels = np.maximum(weights @ np.array([score.pixels for score in own]), 1)
        columns = {"bpp": 8 * (weights @ np.array([score.size_bytes for score in own])) / pixels}
        columns |= {name: weights @ np.array([score.value(name) for score in own]) / total for name in metrics}
        found.append((quality, columns))
    return [
        sorted(
            ({"quality": quality} | {name: float(values[b]) for name, values in columns.items()} for quality, columns in found),
            key=lambda point: point["bpp"],
        )
        for b in range(len(drawn.counts))
    ]  # fmt: skip


def interval(values: Sequence[float | None]) -> Interval | None:
    """Return the percentile interval (95 %) of replicates; None if too many are undefined."""
    known = [value for value in values if value is not None]
    if not known or len(known) < LEAST_SHARE * len(values):
        return None
    low, high = np.percentile(known, _LEVELS)
    return float(low), float(high)


class Replicates:
    """Replicates of curves, and their differences.

    An interpolation is made once for all comparisons of a curve, a difference once for all replicates of the same pairs.
    """

    def __init__(
        self, found: Mapping[str, Sequence[Sequence[Point]]], signs: Mapping[str, int], firsts: Sequence[int]
    ) -> None:
        """Take the replicates of each curve by name; `signs` is -1 where less is better, `firsts` is `Resampled.firsts`."""
        self._found, self._signs, self._firsts = found, signs, firsts
        self._rate = lru_cache(maxsize=None)(self._interpolated_rate)
        self._quality = lru_cache(maxsize=None)(self._interpolated_quality)

    def points(self, name: str, index: int, metric: str) -> Interval | None:
        """Return a metric's interval at one point of a curve."""
        return interval([points[index][metric] for points in self._found[name]])

    def rate(self, anchor: str, curve: str, metric: str, rates: Rates | None) -> Interval | None:
        """Return the interval of a BD-rate, in percent."""

        def difference(a: InterpolatedCurve, b: InterpolatedCurve) -> float | None:
            return bd_rate.rate_between(a, b, metric, rates).value

        return self._interval(anchor, curve, lambda name, number: self._rate(name, number, metric), difference)

    def quality(self, anchor: str, curve: str, metric: str, rates: Rates | None) -> Interval | None:
        """Return the interval of a difference of quality at equal rate."""

        def difference(a: InterpolatedCurve, b: InterpolatedCurve) -> float | None:
            return bd_rate.quality_between(a, b, rates).value

        return self._interval(anchor, curve, lambda name, number: self._quality(name, number, metric), difference)

    def _interval(
        self,
        anchor: str,
        curve: str,
        opened: Callable[[str, int], InterpolatedCurve | None],
        difference: Callable[[InterpolatedCurve, InterpolatedCurve], float | None],
    ) -> Interval | None:
        values: dict[int, float | None] = {}
        for number in sorted(set(self._firsts)):
            a, b = opened(anchor, number), opened(curve, number)
            values[number] = None if a is None or b is None else difference(a, b)
        return interval([values[first] for first in self._firsts])

    def _rising(self, name: str, number: int, metric: str) -> tuple[np.ndarray, np.ndarray] | None:
        sign = self._signs.get(metric, 1)
        points = self._found[name][number]
        signed = points if sign > 0 else [point | {metric: -point[metric]} for point in points]
        logs, values = bd_rate.rising(signed, metric)
        return None if len(values) < bd_rate.LEAST_POINTS else (logs, values)

    def _interpolated_rate(self, name: str, number: int, metric: str) -> InterpolatedCurve | None:
        rising = self._rising(name, number, metric)
        return None if rising is None else bd_rate.interpolated(rising[1], rising[0])

    def _interpolated_quality(self, name: str, number: int, metric: str) -> InterpolatedCurve | None:
        rising = self._rising(name, number, metric)
        return None if rising is None else bd_rate.interpolated(rising[0], rising[1])
