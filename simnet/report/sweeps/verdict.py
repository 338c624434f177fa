"""The verdict in words: what the measured points show, how sure that is, and what they cannot show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from simnet.report.sweeps.grid import BANDWIDTH
from simnet.report.sweeps.needed import (
    AT_MOST,
    FOUND,
    NOT_REACHED,
    Need,
    Ratio,
    centre,
    needs,
    ratio,
    reference_level,
)
from simnet.report.sweeps.statistics import Mean, mean
from simnet.report.sweeps.views import Spot, View
from simnet.report.sweeps.words import amount, at, counted, kbit_s, listed, place, signed
from simnet.report.text import FEW

IN_TIME = 0.95
"""A curve meets the deadline where at least this share of its frames is in time."""


def verdict(view: View) -> list[str]:
    """Return the sentences that the points of this choice support, the most important first."""
    if not view.measured:
        return ["No cell of this choice has been run: nothing can be said."]
    found = bandwidth(view) if view.axis.kind == BANDWIDTH and view.has_scale else quality(view)
    return [*found, *deadline(view), *side_information(view), *caveats(view)]


# --- bandwidth for a quality ---------------------------------------------------------------------


def bandwidth(view: View) -> list[str]:
    """Return what the thriftiest curve needs for a quality, against each other one."""
    column = view.quality[0]
    level = reference_level(view, column)
    if level is None:
        apart = "No curve crosses a whole level of quality between two measured bandwidths: no needed bandwidth can be read off."
        return [apart, *quality(view)]
    found = {curve: needs(view, curve, column, level) for curve in view.measured}
    sure = {curve: logs.value for curve, own in found.items() if (logs := centre(own.values()))}
    best = min(sure, key=lambda curve: sure[curve])
    # Whoever is above the level at the lowest bandwidth already needs less than anybody whose need is known.
    already = [curve for curve, own in found.items() if own and all(each.kind == AT_MOST for each in own.values())]
    start = f"For {level:g} dB at the receiver, {best} needs"
    said = [f"{start} {_needs(found[best])}{_seeds(len(found[best]))}."]
    if len(view.measured) == 1:
        return [*said, f"There is one curve, {best}: nothing to compare."]
    found_ratios = {curve: ratio(found[best], found[curve]) for curve in sure if curve != best}
    ratios = {curve: each for curve, each in found_ratios.items() if each}
    if apart := [_less(curve, each) for curve, each in ratios.items() if not each.is_tie]:
        said = [f"{start} {'; '.join(apart)}.", f"It needs {_needs(found[best])} a stream{_seeds(len(found[best]))}."]
    if ties := [_tie(curve, each) for curve, each in ratios.items() if each.is_tie]:
        tie = f"No difference in bandwidth for {level:g} dB is sure between {best} and {'; '.join(ties)}."
        said = [*said, tie] if apart else [tie, *said]
    if already:
        has, lowest = "has" if len(already) == 1 else "have", max(_values(found[curve] for curve in already))
        said.append(f"{listed(already)} {has} it at {kbit_s(lowest)}, the lowest measured, already.")
    said += [_short(curve, own) for curve, own in found.items() if curve not in sure and curve not in already]
    return said


def _values(every: Iterable[Mapping[int, Need]]) -> list[float]:
    return [need.value for own in every for need in own.values() if need.value]


def _needs(found: Mapping[int, Need]) -> str:
    logs = centre(found.values())
    return kbit_s(math.exp(logs.value)) if logs else "an unknown bandwidth"


def _seeds(count: int) -> str:
    return f" (mean of {count} seeds)" if count > 1 else " (one seed)"


def _less(curve: str, found: Ratio) -> str:
    size = f"{abs(found.percent):.0f} % {'less' if found.percent < 0 else 'more'} bandwidth than {curve}"
    return f"{size} (one seed)" if found.low is None else f"{size} ({_interval(found)} over {found.seeds} seeds)"


def _tie(curve: str, found: Ratio) -> str:
    over = "one seed" if found.low is None else f"{_interval(found)} over {found.seeds} seeds"
    return f"{curve} ({signed(found.percent, 0)} %, {over})"


def _interval(found: Ratio) -> str:
    low, high = found.low or 0.0, found.high or 0.0
    if high < 0:
        return f"95 % interval {-high:.1f} to {-low:.1f} %"
    return f"95 % interval {signed(low, 1)} to {signed(high, 1)} %"


def _short(curve: str, found: Mapping[int, Need]) -> str:
    kinds = [need.kind for need in found.values()]
    if all(kind == NOT_REACHED for kind in kinds):
        last = max(_values([found]))
        return f"{curve} does not reach it at any bandwidth measured, up to {kbit_s(last)}."
    if set(kinds) <= {NOT_REACHED, FOUND, AT_MOST}:
        reached = sum(kind != NOT_REACHED for kind in kinds)
        return f"{curve} reaches it within the bandwidths measured in {reached} of {counted(len(kinds), 'seed')} only."
    return f"Whether {curve} reaches it is not known: cells are missing."


# --- quality at one place ------------------------------------------------------------------------


def quality(view: View) -> list[str]:
    """Return the best quality at the lowest, the middle and the highest place, against each other curve."""
    if len(view.measured) < 2:
        only = view.measured[0]
        return [f"There is one curve, {only}: nothing to compare.", *_alone(view, only)]
    places = [
        index
        for index in range(len(view.places))
        if sum(view.curves[curve][index].mean(view.quality[0]) is not None for curve in view.measured) > 1
    ]
    chosen = sorted({places[0], places[len(places) // 2], places[-1]}) if places else []
    nothing = "No two curves have a cell at the same place: nothing to compare."
    return [_quality_at(view, index) for index in chosen] or [nothing]


def _alone(view: View, curve: str) -> list[str]:
    found = [(spot, value) for spot in view.curves[curve] if (value := spot.mean(view.quality[0]))]
    if not found:
        return []
    said = [f"{amount(value.value)} dB {at(view.axis, spot.x, spot.setting)}".strip() for spot, value in found]
    return [f"It delivers {listed(said)}."]


def _quality_at(view: View, index: int) -> str:
    column = view.quality[0]
    spots = {curve: view.curves[curve][index] for curve in view.measured}
    found = {curve: value for curve, spot in spots.items() if (value := spot.mean(column))}
    best = max(found, key=lambda curve: found[curve].value)
    others = [_better(spots[best], spots[curve], column, curve) for curve in found if curve != best]
    where = at(view.axis, spots[best].x, spots[best].setting)
    start = f"{where[:1].upper()}{where[1:]}, {best}" if where else best
    return (
        f"{start} delivers {found[best].value:.2f} dB at the receiver{_seeds(found[best].count)}: {'; '.join(others)}."
    )


def _better(best: Spot, other: Spot, column: str, curve: str) -> str:
    own = {sample.seed: sample.values.get(column) for sample in best.samples}
    pairs = [(own.get(sample.seed), sample.values.get(column)) for sample in other.samples]
    found = mean(a - b for a, b in pairs if a is not None and b is not None)
    if found is None:
        return f"no seed in common with {curve}"
    if found.half_width is None or found.low is None or found.high is None:
        return f"{found.value:.2f} dB more than {curve}" if found.value >= 0.05 else f"as much as {curve}"
    interval = f"95 % interval {signed(found.low, 2)} to {signed(found.high, 2)} dB over {found.count} seeds"
    if found.low <= 0:
        return f"{signed(found.value, 2)} dB to {curve}, a tie ({interval})"
    return f"{found.value:.2f} dB more than {curve} ({interval})"


# --- deadline ------------------------------------------------------------------------------------


def deadline(view: View) -> list[str]:
    """Return from where on each curve has its frames in time, and where only one has."""
    limit = "the deadline" if view.deadline_ms is None else f"{view.deadline_ms:g} ms"
    states = {curve: [_meets(spot) for spot in view.curves[curve]] for curve in view.measured}
    spots = view.places
    ordered = view.axis.kind == BANDWIDTH and len(spots) > 1
    said = []
    if ordered:
        parts = [f"{curve} {_from(view, own)}" for curve, own in states.items()]
        said.append(f"{100 * IN_TIME:g} % of the frames are there within {limit}: {'; '.join(parts)}.")
    else:
        said += [_who(view, index, states, limit) for index in range(min(len(spots), 3))]
    if len(view.measured) > 1 and ordered:
        said += _only(view, states)
    return [each for each in said if each]


def _meets(spot: Spot) -> bool | None:
    """True where every seed has its frames in time, False where none has; None where they differ or are missing."""
    shares = [
        (sample.values["in_time"] or 0) / frames for sample in spot.samples if (frames := sample.values["frames"])
    ]
    if not shares or len(spot.samples) < spot.asked:
        return None
    met = {share >= IN_TIME for share in shares}
    return met.pop() if len(met) == 1 else None


def _from(view: View, states: list[bool | None]) -> str:
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


def _only(view: View, states: Mapping[str, list[bool | None]]) -> list[str]:
    alone: dict[str, list[str]] = {}
    for index, spot in enumerate(view.places):
        here = {curve: own[index] for curve, own in states.items()}
        met = [curve for curve, state in here.items() if state]
        if len(met) == 1 and all(state is False for curve, state in here.items() if curve != met[0]):
            alone.setdefault(met[0], []).append(place(view.axis, spot.x, spot.setting))
    return [f"At {listed(places)} only {curve} does." for curve, places in alone.items()]


def _who(view: View, index: int, states: Mapping[str, list[bool | None]], limit: str) -> str:
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


# --- side information, and what is not known -----------------------------------------------------


def side_information(view: View) -> list[str]:
    """Return what side information brought each curve, over all places."""
    said = []
    for curve in view.measured:
        by_seed: dict[int, list[float]] = {}
        for spot in view.curves[curve]:
            for sample in spot.samples:
                if (gain := sample.values["side_gain_db"]) is not None:
                    by_seed.setdefault(sample.seed, []).append(gain)
        found = mean(sum(own) / len(own) for own in by_seed.values())
        if found:
            said.append(_worth(curve, found))
    if not said:
        return ["No frame was decoded with side information."]
    return [
        f"Side information is worth {'; '.join(said)}: of the frames that used it, against the same bitstream without."
    ]


def _worth(curve: str, found: Mean) -> str:
    if found.low is None or found.high is None:
        return f"{signed(found.value, 2)} dB to {curve} (one seed)"
    interval = f"95 % interval {signed(found.low, 2)} to {signed(found.high, 2)} dB over {found.count} seeds"
    if found.low <= 0 <= found.high:
        return f"nothing to {curve} that the seeds show ({interval})"
    return f"{signed(found.value, 2)} dB to {curve} ({interval})"


def caveats(view: View) -> list[str]:
    """Return how small the sample is, and what is missing."""
    spots = [spot for own in view.curves.values() for spot in own]
    failed = sum(spot.failed for spot in spots)
    missing, asked = sum(spot.missing for spot in spots), sum(spot.asked for spot in spots)
    said = []
    if len(view.seeds) == 1:
        said.append("One seed: nothing here has an interval, and another seed may say something else.")
    elif len(view.seeds) < 5:
        said.append(f"A small sample: {len(view.seeds)} seeds, so intervals are wide.")
    fewest = min((sample.values["frames"] or 0 for spot in spots for sample in spot.samples), default=0)
    if fewest < FEW:
        said.append(f"Some cells have as few as {counted(int(fewest), 'frame')}: take their figures as anecdotes.")
    if failed or missing:
        rest = [f"{failed} failed"] * bool(failed) + [f"{missing} not run"] * bool(missing)
        said.append(f"Of {counted(asked, 'cell')} {failed + missing} are not there ({listed(rest)}): curves have gaps.")
    return said
