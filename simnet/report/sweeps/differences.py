"""BD-rates of a sweep: at the receiver against offered bandwidth, and at the encoder against bits per pixel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from simnet import bd_rate
from simnet.report.mean_interval import mean
from simnet.report.sweeps.comparison_grid import BANDWIDTH
from simnet.report.sweeps.views import PageView, SeedSample


@dataclass(frozen=True, slots=True)
class BdRateKind:
    """One column of the table: a quality measure against a rate."""

    title: str
    metric: str
    """Metric name in `bd_rate`."""
    column: str
    """Column name in the sweep's table."""
    rate: str


@dataclass(frozen=True, slots=True)
class BdRateDifference:
    """The mean over seeds of BD-rates in percent, taken over logarithms, and its 95 % interval.

    `percent` is None if no seed has a BD-rate; `reason` then gives the reason.
    """

    percent: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    seeds: int = 0
    """Number of seeds in the mean."""
    of: int = 0
    """Number of seeds that have cells of both curves."""


def kinds(view: PageView) -> list[BdRateKind]:
    """Return the possible comparisons; those at the receiver are included only if bandwidth was swept."""
    psnr, ms_ssim = view.quality
    receiver = (
        BdRateKind("receiver, PSNR", "psnr_db", psnr, "kbit_s"),
        BdRateKind("receiver, MS-SSIM", "ms_ssim", ms_ssim, "kbit_s"),
    )
    encoder = (
        BdRateKind("encoder, PSNR", "psnr_db", "psnr_db", "bpp"),
        BdRateKind("encoder, MS-SSIM", "ms_ssim", "ms_ssim", "bpp"),
    )
    return [*(receiver if view.axis.kind == BANDWIDTH else ()), *encoder]


def against(view: PageView, anchor: str) -> Mapping[str, Sequence[BdRateDifference]]:
    """Return each other curve's differences to `anchor`, one for each of `kinds`."""
    return {
        curve: [_difference(view, anchor, curve, kind) for kind in kinds(view)]
        for curve in view.measured
        if curve != anchor
    }


def _difference(view: PageView, anchor: str, curve: str, kind: BdRateKind) -> BdRateDifference:
    own, other = _seeds(view, anchor), _seeds(view, curve)
    found = [
        bd_rate.bd_rate(
            _points(view, anchor, seed, kind),
            _points(view, curve, seed, kind),
            kind.metric,
            rate=kind.rate,
            method="pchip",
        )
        for seed in sorted(own & other)
    ]
    logs = mean(math.log1p(each.value / 100) for each in found if each.value is not None)
    if logs is None:
        return BdRateDifference(None, reason=found[0].reason if found else "no seed has cells of both")
    return BdRateDifference(
        _percent(logs.value), _percent(logs.low), _percent(logs.high), seeds=logs.count, of=len(found)
    )


@overload
def _percent(log: float) -> float: ...
@overload
def _percent(log: None) -> None: ...
def _percent(log: float | None) -> float | None:
    return None if log is None else 100 * math.expm1(min(log, 50.0))


def _seeds(view: PageView, curve: str) -> set[int]:
    return {sample.seed for spot in view.curves[curve] for sample in spot.samples}


def _points(view: PageView, curve: str, seed: int, kind: BdRateKind) -> list[dict[str, float]]:
    """Return one seed's points; the offered rate is the same for all curves at a setting."""
    points = []
    for spot in view.curves[curve]:
        for sample in spot.samples:
            rate, quality = _rate(kind, spot.x, sample), sample.values.get(kind.column)
            if sample.seed == seed and rate and quality is not None:
                points.append({kind.rate: rate, kind.metric: quality})
    return points


def _rate(kind: BdRateKind, x: float | str | None, sample: SeedSample) -> float | None:
    if kind.rate == "bpp":
        return sample.values.get("bpp")
    return x if isinstance(x, float) else None
