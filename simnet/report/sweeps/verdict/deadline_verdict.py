"""Verdict on the settings at which frames arrive in time."""

from __future__ import annotations

from collections.abc import Mapping

from simnet.report.sweeps.comparison_grid import BANDWIDTH
from simnet.report.sweeps.sweep_formatting import at, listed, place
from simnet.report.sweeps.views import CurvePoint, PageView

IN_TIME = 0.95
"""Minimum share of frames in time for a curve to meet the deadline."""


def sentences(view: PageView) -> list[str]:
    """Return sentences on the setting from which each curve meets the deadline, and on settings where only one does."""
    limit = "the deadline" if view.deadline_ms is None else f"{view.deadline_ms:g} ms"
    states = {curve: [_meets(spot) for spot in view.curves[curve]] for curve in view.measured}
    spots = view.places
    ordered = view.axis.kind == BANDWIDTH and len(spots) > 1
    said = []
    if ordered:
        parts = [f"{curve} {_from(view, own)}" for curve, own in states.items()]
        said.append(f"{100 * IN_TIME:g} % of the frames are there within {limit}: {'; '.join(parts)}.")
    elif all(state is False for own in states.values() for state in own):
        said.append(f"No curve has {100 * IN_TIME:g} % of its frames within {limit} at any place.")
    else:
        said += [_who(view, index, states, limit) for index in range(min(len(spots), 3))]
    if len(view.measured) > 1 and ordered:
        said += _only(view, states)
    return [each for each in said if each]


def _meets(spot: CurvePoint) -> bool | None:
    """Return True if every seed meets the deadline, False if none does; None if seeds differ or are missing."""
    shares = [
        (sample.values["in_time"] or 0) / frames for sample in spot.samples if (frames := sample.values["frames"])
    ]
    if not shares or len(spot.samples) < spot.asked:
        return None
    met = {share >= IN_TIME for share in shares}
    return met.pop() if len(met) == 1 else None


def _from(view: PageView, states: list[bool | None]) -> str:
    if not any(states):
        unsure = " in all seeds" if None in states else ""
        return f"at no bandwidth measured{unsure}"
    first = len(states)
    while first and states[first - 1]:
        first -= 1
    spots = view.places
    if first == 0:
        return "at every bandwidth measured"
    if first == len(states):
        met = [place(view.axis, spot.x, spot.setting) for spot, state in zip(spots, states, strict=True) if state]
        return f"at {listed(met)} only"
    return f"from {place(view.axis, spots[first].x, spots[first].setting)} on"


def _only(view: PageView, states: Mapping[str, list[bool | None]]) -> list[str]:
    alone: dict[str, list[str]] = {}
    for index, spot in enumerate(view.places):
        here = {curve: own[index] for curve, own in states.items()}
        met = [curve for curve, state in here.items() if state]
        if len(met) == 1 and all(state is False for curve, state in here.items() if curve != met[0]):
            alone.setdefault(met[0], []).append(place(view.axis, spot.x, spot.setting))
    return [f"At {listed(places)} only {curve} does." for curve, places in alone.items()]


def _who(view: PageView, index: int, states: Mapping[str, list[bool | None]], limit: str) -> str:
    spot = view.places[index]
    where = at(view.axis, spot.x, spot.setting)
    met = [curve for curve, own in states.items() if own[index]]
    missed = [curve for curve, own in states.items() if own[index] is False]
    parts = [
        f"{listed(met)} {'has' if len(met) == 1 else 'have'} {100 * IN_TIME:g} % of the frames within {limit}"
    ] * bool(met)
    parts += [f"{listed(missed)} {'has' if len(missed) == 1 else 'have'} fewer"] * bool(missed and met)
    parts += [f"no curve has {100 * IN_TIME:g} % of its frames within {limit}"] * bool(missed and not met)
    return f"{where[:1].upper()}{where[1:]}: {', '.join(parts)}.".removeprefix(": ") if parts else ""
