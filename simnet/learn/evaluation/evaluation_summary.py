"""Curves of an evaluation and their differences, each with its interval, as values that JSON can represent."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simnet.bd_rate import Rates, bd_quality, bd_rate
from simnet.learn.evaluation import bootstrap
from simnet.learn.evaluation.bootstrap import Interval, Replicates
from simnet.learn.evaluation.evaluation_rows import PictureScore, Point, curve, decoded
from simnet.learn.evaluation.offset_gain import gains
from simnet.learn.evaluation.picture_metrics import STANDARD, PictureMetric

WAYS = ("with", "none", "unrelated")
WHOLE = "with"
"""Way of a codec's main curve; a codec without side information has `none` instead."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared, and where: anchors, ranges of rates, further metrics, replicates of the bootstrap."""

    anchors: Sequence[str]
    offsets: Sequence[int] = (0,)
    rates: Rates | None = None
    """Range of bits per pixel of BD-rates."""
    quality_rates: Rates | None = None
    """Range of bits per pixel of BD-PSNR."""
    metrics: Sequence[PictureMetric] = ()
    replicates: int = 0

    @property
    def every_metric(self) -> tuple[PictureMetric, ...]:
        """PSNR, MS-SSIM and the further metrics."""
        return (*STANDARD, *self.metrics)


def summary(scores: Sequence[PictureScore], asked: Comparison) -> dict[str, Any]:
    """Return curves, controls, differences and offsets of every codec."""
    by_codec: dict[str, list[PictureScore]] = {}
    for score in scores:
        by_codec.setdefault(score.codec, []).append(score)
    selected = {name: _selected(own, asked.offsets[0]) for name, own in by_codec.items()}
    differences = _Differences(scores, selected, asked)
    ways = {name: {way: differences.points(name, way) for way in own} for name, own in selected.items()}
    main = {name: WHOLE if WHOLE in own else "none" for name, own in selected.items()}
    with_side = [name for name, way in main.items() if way == WHOLE]
    compared = {
        anchor: {name: differences.of((anchor, main[anchor]), (name, way)) for name, way in main.items()}
        for anchor in asked.anchors
    }
    first = compared[asked.anchors[0]]
    return {
        "anchor": asked.anchors[0],
        "anchors": list(asked.anchors),
        "rates": _listed(asked.rates),
        "psnr_rates": _listed(asked.quality_rates),
        "metrics": [metric.plain() for metric in asked.every_metric],
        "bootstrap": differences.about,
        "points": {name: ways[name][way] for name, way in main.items()},
        "controls": {name: {way: p for way, p in ways[name].items() if way != WHOLE} for name in with_side},
        "bd_rate": {
            name: {metric: own[f"bd_rate_{metric}"]["value"] for metric in ("psnr", "ms_ssim")}
            for name, own in first.items()
        },
        "bd_psnr": {name: own["bd_psnr"]["value"] for name, own in first.items()},
        "comparisons": compared,
        "side_information": {
            name: {way: differences.of((name, "none"), (name, way)) for way in ("with", "unrelated") if way in ways[name]}
            for name in with_side
        },
        "offsets": {
            name: gains(by_codec[name], asked.offsets, asked.rates)
            for name in with_side
            if len(asked.offsets) > 1 or asked.offsets[0] != 0
        },
    }  # fmt: skip


class _Differences:
    """Differences between curves of one evaluation; a curve is named by codec and way."""

    def __init__(
        self,
        scores: Sequence[PictureScore],
        selected: Mapping[str, Mapping[str, Sequence[PictureScore]]],
        asked: Comparison,
    ) -> None:
        self._asked = asked
        self._curves = {(name, way): curve(own) for name, ways in selected.items() for way, own in ways.items()}
        drawn = bootstrap.resampled(scores, asked.replicates)
        self._replicates = self.about = None
        if drawn is not None:
            keys = [metric.key for metric in asked.every_metric]
            found = {
                _name(name, way): bootstrap.curves(own, drawn, keys)
                for name, ways in selected.items()
                for way, own in ways.items()
            }
            signs = {metric.key: 1 if metric.higher_is_better else -1 for metric in asked.every_metric}
            self._replicates = Replicates(found, signs, drawn.firsts)
            self.about = {"replicates": asked.replicates, "drives": drawn.drives, "pairs": len(drawn.units)}

    def points(self, codec: str, way: str) -> list[Point]:
        """Return a curve; with a bootstrap, each point has the ends of its metrics' intervals."""
        points = self._curves[codec, way]
        if self._replicates is None:
            return points
        ends: list[Point] = []
        for index in range(len(points)):
            own: Point = {}
            for metric in self._asked.every_metric:
                found = self._replicates.points(_name(codec, way), index, metric.key)
                own |= {f"{metric.key}_low": found[0], f"{metric.key}_high": found[1]} if found else {}
            ends.append(own)
        return [point | own for point, own in zip(points, ends, strict=True)]

    def of(self, anchor: tuple[str, str], other: tuple[str, str]) -> dict[str, Any]:
        """Return BD-rate by each metric and BD-PSNR, each with its intervals, or with the reason why it is undefined."""
        names = _name(*anchor), _name(*other)
        deltas: dict[str, Any] = {}
        for metric in self._asked.every_metric:
            a, b = (_better_upwards(self._curves[each], metric) for each in (anchor, other))
            found = bd_rate(a, b, metric.key, self._asked.rates)
            own = self._replicates and self._replicates.rate(*names, metric.key, self._asked.rates)
            deltas[f"bd_rate_{metric.key.removesuffix('_db')}"] = _plain(found, own)
        found = bd_quality(self._curves[anchor], self._curves[other], "psnr_db", self._asked.quality_rates)
        own = self._replicates and self._replicates.quality(*names, "psnr_db", self._asked.quality_rates)
        return deltas | {"bd_psnr": _plain(found, own)}


def _plain(delta: Any, interval: Interval | None) -> dict[str, Any]:
    low, high = interval if interval and delta.value is not None else (None, None)
    return dataclasses.asdict(delta) | {"interval_low": low, "interval_high": high}


def _better_upwards(points: Sequence[Point], metric: PictureMetric) -> Sequence[Point]:
    if metric.higher_is_better:
        return points
    return [point | {metric.key: -point[metric.key]} for point in points]


def _selected(scores: Iterable[PictureScore], offset: int) -> dict[str, list[PictureScore]]:
    own = list(scores)
    found = {way: decoded(own, way, offset) for way in WAYS}
    return {way: each for way, each in found.items() if each}


def _name(codec: str, way: str) -> str:
    return f"{codec}\0{way}"


def _listed(rates: Rates | None) -> list[float] | None:
    return list(rates) if rates else None
