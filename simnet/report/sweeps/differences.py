"""Bjontegaard's differences of a sweep: at the receiver over bandwidth offered, and at the encoder over bits per pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simnet import deltas
from simnet.report.sweeps.grid import BANDWIDTH
from simnet.report.sweeps.statistics import Mean, mean
from simnet.report.sweeps.views import Sample, View


@dataclass(frozen=True, slots=True)
class Kind:
    """One column of the table: which quality over which rate."""

    title: str
    metric: str
    """As `deltas` calls it."""
    column: str
    """As the table calls it."""
    rate: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean over seeds of BD-rates in percent; None where a seed has none, and `reason` says why."""

    mean: Mean | None
    low: float | None = None
    high: float | None = None
    """The interval of quality that it is a mean over, where it is narrowest."""
    reason: str = ""


def kinds(view: View) -> list[Kind]:
    """Return what can be compared: at the receiver only where bandwidth was swept."""
    psnr, ms_ssim = view.quality
    receiver = (
        Kind("receiver, PSNR", "psnr_db", psnr, "kbit_s"),
        Kind("receiver, MS-SSIM", "ms_ssim", ms_ssim, "kbit_s"),
    )
    encoder = (
        Kind("encoder, PSNR", "psnr_db", "psnr_db", "bpp"),
        Kind("encoder, MS-SSIM", "ms_ssim", "ms_ssim", "bpp"),
    )
    return [*(receiver if view.axis.kind == BANDWIDTH else ()), *encoder]


def against(view: View, anchor: str) -> Mapping[str, Sequence[Difference]]:
    """Return each other curve's differences to `anchor`, one for each of `kinds`."""
    return {
        curve: [_difference(view, anchor, curve, kind) for kind in kinds(view)]
        for curve in view.measured
        if curve != anchor
    }


def _difference(view: View, anchor: str, curve: str, kind: Kind) -> Difference:
    own, other = _seeds(view, anchor), _seeds(view, curve)
    found = [
        deltas.bd_rate(_points(view, anchor, seed, kind), _points(view, curve, seed, kind), kind.metric, rate=kind.rate)
        for seed in sorted(own & other)
    ]
    if not found:
        return Difference(None, reason="no seed has both")
    if reason := next((each.reason for each in found if each.value is None), ""):
        return Difference(None, reason=reason)
    lows, highs = ([end for each in found if (end := getattr(each, name)) is not None] for name in ("low", "high"))
    return Difference(mean(each.value for each in found), max(lows), min(highs))


def _seeds(view: View, curve: str) -> set[int]:
    return {sample.seed for spot in view.curves[curve] for sample in spot.samples}


def _points(view: View, curve: str, seed: int, kind: Kind) -> list[dict[str, float]]:
    """One seed's points; rate as this page means it: offered is what all curves were offered at this setting."""
    points = []
    for spot in view.curves[curve]:
        for sample in spot.samples:
            rate, quality = _rate(kind, spot.x, sample), sample.values.get(kind.column)
            if sample.seed == seed and rate and quality is not None:
                points.append({kind.rate: rate, kind.metric: quality})
    return points


def _rate(kind: Kind, x: float | str | None, sample: Sample) -> float | None:
    if kind.rate == "bpp":
        return sample.values.get("bpp")
    return x if isinstance(x, float) else None
