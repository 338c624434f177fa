"""Verdict on the lowest required bandwidth for a quality, compared with the other curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from simnet.report.sweeps.confidence import (
    Range,
    Ratio,
    least_saving,
    ratio,
)
from simnet.report.sweeps.required_bandwidth import (
    AT_MOST,
    NOT_REACHED,
    UNKNOWN,
    Requirement,
    bracket,
    centre,
    is_late,
    measured,
    needs,
    reference_level,
)
from simnet.report.sweeps.sweep_formatting import (
    between,
    counted,
    kbit_s,
    listed,
    seeds_of,
    signed,
)
from simnet.report.sweeps.verdict import quality_verdict
from simnet.report.sweeps.views import PageView

MOST_NAMED = 4
"""Maximum number of curves in one sentence."""
TOO_FAR = "no line is drawn between measured points that far apart"


def sentences(view: PageView) -> list[str]:
    """Return sentences on the lowest required bandwidth for a quality, compared with each other curve."""
    column = view.quality[0]
    level = reference_level(view, column)
    if level is None:
        apart = (
            "No curve crosses a whole level of quality between two measured bandwidths with most frames in time: no needed "
            "bandwidth can be read off."
        )
        return [apart, *quality_verdict.sentences(view)]
    found = {curve: needs(view, curve, column, level) for curve in view.measured}
    late = [curve for curve, own in found.items() if bracket(own.values()) and is_late(view, curve, own.values())]
    brackets = {curve: apart for curve, own in found.items() if curve not in late and (apart := bracket(own.values()))}
    best = min(brackets, key=lambda curve: _rank(found[curve]))
    # A curve above the level at the lowest bandwidth needs less than any curve whose requirement is known.
    already = [curve for curve, own in found.items() if own and all(each.kind == AT_MOST for each in own.values())]
    start = f"For {level:g} dB at the receiver, {best} needs"
    said = [f"{start} {_needs(found[best])}."]
    if len(view.measured) == 1:
        return [*said, f"There is one curve, {best}: nothing to compare."]
    ends = {curve: measured(view, curve, column) for curve in brackets}
    ratios = {
        curve: each
        for curve in brackets
        if curve != best and (each := ratio(found[best], found[curve], ends[best], ends[curve]))
    }
    apart = [_less(curve, each) for curve, each in ratios.items() if not each.is_tie]
    at_least, unsure = _by_brackets(best, brackets, found)
    if apart + at_least:
        said = [f"{start} {_few(apart + at_least, '; ')}.", f"It needs {_needs(found[best], ' a stream')}."]
    if ties := [_tie(curve, each) for curve, each in ratios.items() if each.is_tie]:
        tie = f"No difference in bandwidth for {level:g} dB is sure between {best} and {_few(ties, ' or ')}."
        said = [*said, tie] if apart + at_least else [tie, *said]
    if unsure:
        said.append(
            f"Whether {best} needs less than {_few(unsure, ' or ')} is not known: bandwidths there are measured too far apart."
        )
    if already:
        has, lowest = "has" if len(already) == 1 else "have", max(_values(found[curve] for curve in already))
        said.append(f"{listed(already)} {has} it at {kbit_s(lowest)}, the lowest measured, already.")
    if late:
        said.append(f"Where {listed(late)} would reach it, most frames are late.")
    rest = [curve for curve in found if curve not in {*brackets, *already, *late}]
    said += [_short(curve, found[curve]) for curve in rest]
    return said


def _rank(found: Mapping[int, Requirement]) -> tuple[float, float]:
    """Return the logarithms of a curve's highest and lowest requirement."""
    if logs := centre(found.values()):
        return logs.value, logs.value
    low, high = bracket(found.values()) or (math.inf, math.inf)
    return math.log(high), math.log(low) if low > 0 else -math.inf


def _by_brackets(
    best: str, brackets: Mapping[str, Range], found: Mapping[str, Mapping[int, Requirement]]
) -> tuple[list[str], list[str]]:
    """Return minimum savings and undecided comparisons for curves without exact numbers for both."""
    at_least, unsure = [], []
    for curve, other in brackets.items():
        if curve == best or (centre(found[best].values()) and centre(found[curve].values())):
            continue
        where = between(*other) if centre(found[curve].values()) is None else _needs(found[curve])
        if percent := least_saving(brackets[best], other):
            at_least.append(f"at least {percent} % less bandwidth than {curve} ({where})")
        else:
            unsure.append(f"{curve} ({where})")
    return at_least, unsure


def _few(said: list[str], joint: str) -> str:
    more = f" ({len(said) - MOST_NAMED} more: see the tables)" if len(said) > MOST_NAMED else ""
    return joint.join(said[:MOST_NAMED]) + more


def _values(every: Iterable[Mapping[int, Requirement]]) -> list[float]:
    return [need.value for own in every for need in own.values() if need.value]


def _needs(found: Mapping[int, Requirement], what: str = "") -> str:
    if logs := centre(found.values()):
        return f"{kbit_s(math.exp(logs.value))}{what}{seeds_of(len(found))}"
    apart = bracket(found.values())
    if apart is None:
        return "an unknown bandwidth"
    return f"{between(*apart)}{what} (over {counted(len(found), 'seed')}; {TOO_FAR})"


def _less(curve: str, found: Ratio) -> str:
    digits = 0 if abs(found.percent) >= 1 else 1
    size = f"{abs(found.percent):.{digits}f} % {'less' if found.percent < 0 else 'more'} bandwidth than {curve}"
    return f"{size} ({_over(found)})"


def _tie(curve: str, found: Ratio) -> str:
    return f"{curve} ({signed(found.percent, 0)} %, {_over(found)})"


def _over(found: Ratio) -> str:
    """Return the interval in words; an end that extends beyond the measured bandwidths is marked."""
    own = found.interval
    if own is None:
        return "one seed"
    if own.high < 0:
        low, high = f"{'≤ ' * own.high_cut}{-own.high:.1f}", f"{'≥ ' * own.low_cut}{-own.low:.1f}"
    else:
        low, high = f"{'≤ ' * own.low_cut}{signed(own.low, 1)}", f"{'≥ ' * own.high_cut}{signed(own.high, 1)}"
    return f"95 % interval {low} to {high} % over {counted(found.seeds, 'seed')}"


def _short(curve: str, found: Mapping[int, Requirement]) -> str:
    kinds = [need.kind for need in found.values()]
    if all(kind == NOT_REACHED for kind in kinds):
        last = max(_values([found]))
        return f"{curve} does not reach it at any bandwidth measured, up to {kbit_s(last)}."
    if UNKNOWN not in kinds:
        reached = sum(kind != NOT_REACHED for kind in kinds)
        return f"{curve} reaches it within the bandwidths measured in {reached} of {counted(len(kinds), 'seed')} only."
    return f"Whether {curve} reaches it is not known: a cell is missing."
