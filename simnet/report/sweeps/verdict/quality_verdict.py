"""Verdict on the best quality at single settings."""

from __future__ import annotations

from simnet.report.mean_interval import mean
from simnet.report.sweeps.sweep_formatting import (
    amount,
    at,
    listed,
    seeds_of,
    signed,
)
from simnet.report.sweeps.views import CurvePoint, PageView


def sentences(view: PageView) -> list[str]:
    """Return sentences on the best quality at the lowest, middle and highest setting, compared with each other curve."""
    only, *others = view.measured
    if not others:
        return [f"There is one curve, {only}: nothing to compare.", *_alone(view, only)]
    there = [_there(view, index) for index in range(len(view.places))]
    if not any(len(spots) > 1 for spots in there):
        return ["No two curves have a cell at the same place: nothing to compare."]
    places = [index for index, spots in enumerate(there) if sum(not spot.is_mostly_late for spot in spots.values()) > 1]
    if not places:
        return ["Nowhere have two curves most of their frames in time: no quality is compared."]
    chosen = sorted({places[0], places[len(places) // 2], places[-1]})
    return [_quality_at(view, index) for index in chosen]


def _there(view: PageView, index: int) -> dict[str, CurvePoint]:
    """Return the curves that have a quality at a place."""
    spots = {curve: view.curves[curve][index] for curve in view.measured}
    return {curve: spot for curve, spot in spots.items() if spot.mean(view.quality[0]) is not None}


def _alone(view: PageView, curve: str) -> list[str]:
    known = [(spot, value) for spot in view.curves[curve] if (value := spot.mean(view.quality[0]))]
    found = [(spot, value) for spot, value in known if not spot.is_mostly_late]
    if not found:
        return ["Most of its frames are late everywhere."] if known else []
    said = [f"{amount(value.value)} dB {at(view.axis, spot.x, spot.setting)}".strip() for spot, value in found]
    return [f"It delivers {listed(said)}."]


def _quality_at(view: PageView, index: int) -> str:
    column = view.quality[0]
    there = _there(view, index)
    spots = {curve: spot for curve, spot in there.items() if not spot.is_mostly_late}
    found = {curve: value for curve, spot in spots.items() if (value := spot.mean(column))}
    best = max(found, key=lambda curve: found[curve].value)
    others = [_better(spots[best], spots[curve], column, curve) for curve in found if curve != best]
    if late := [curve for curve in there if curve not in spots]:
        others.append(f"most frames of {listed(late)} are late")
    where = at(view.axis, spots[best].x, spots[best].setting)
    start = f"{where[:1].upper()}{where[1:]}, {best}" if where else best
    return f"{start} delivers {found[best].value:.2f} dB at the receiver{seeds_of(found[best].count)}: {'; '.join(others)}."


def _better(best: CurvePoint, other: CurvePoint, column: str, curve: str) -> str:
    own = {sample.seed: sample.values.get(column) for sample in best.samples}
    pairs = [(own.get(sample.seed), sample.values.get(column)) for sample in other.samples]
    found = mean(a - b for a, b in pairs if a is not None and b is not None)
    if found is None:
        return f"no seed in common with {curve}"
    if found.half_width is None or found.low is None or found.high is None:
        return f"{found.value:.2f} dB more than {curve}" if found.value >= 0.05 else f"as much as {curve}"
    interval = f"95 % interval {signed(found.low, 2)} to {signed(found.high, 2)} dB over {found.count} seeds"
    if round(found.low, 2) <= 0:
        return f"{signed(found.value, 2)} dB to {curve}, a tie ({interval})"
    return f"{found.value:.2f} dB more than {curve} ({interval})"
