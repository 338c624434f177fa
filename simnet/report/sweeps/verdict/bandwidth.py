"""What the thriftiest curve needs for a quality, against the others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from simnet.report.sweeps.needed import AT_MOST, FOUND, NOT_REACHED, Need, Ratio, centre, needs, ratio, reference_level
from simnet.report.sweeps.verdict import quality
from simnet.report.sweeps.views import View
from simnet.report.sweeps.words import counted, kbit_s, listed, seeds_of, signed

MOST_NAMED = 4
"""Curves in one sentence."""


def sentences(view: View) -> list[str]:
    """Return what the thriftiest curve needs for a quality, against each other one."""
    column = view.quality[0]
    level = reference_level(view, column)
    if level is None:
        apart = "No curve crosses a whole level of quality between two measured bandwidths: no needed bandwidth can be read off."
        return [apart, *quality.sentences(view)]
    found = {curve: needs(view, curve, column, level) for curve in view.measured}
    sure = {curve: logs.value for curve, own in found.items() if (logs := centre(own.values()))}
    best = min(sure, key=lambda curve: sure[curve])
    # Whoever is above the level at the lowest bandwidth already needs less than anybody whose need is known.
    already = [curve for curve, own in found.items() if own and all(each.kind == AT_MOST for each in own.values())]
    start = f"For {level:g} dB at the receiver, {best} needs"
    said = [f"{start} {_needs(found[best])}{seeds_of(len(found[best]))}."]
    if len(view.measured) == 1:
        return [*said, f"There is one curve, {best}: nothing to compare."]
    found_ratios = {curve: ratio(found[best], found[curve]) for curve in sure if curve != best}
    ratios = {curve: each for curve, each in found_ratios.items() if each}
    if apart := [_less(curve, each) for curve, each in ratios.items() if not each.is_tie]:
        said = [
            f"{start} {_few(apart, '; ')}.",
            f"It needs {_needs(found[best])} a stream{seeds_of(len(found[best]))}.",
        ]
    if ties := [_tie(curve, each) for curve, each in ratios.items() if each.is_tie]:
        tie = f"No difference in bandwidth for {level:g} dB is sure between {best} and {_few(ties, ' or ')}."
        said = [*said, tie] if apart else [tie, *said]
    if already:
        has, lowest = "has" if len(already) == 1 else "have", max(_values(found[curve] for curve in already))
        said.append(f"{listed(already)} {has} it at {kbit_s(lowest)}, the lowest measured, already.")
    said += [_short(curve, own) for curve, own in found.items() if curve not in sure and curve not in already]
    return said


def _few(said: list[str], between: str) -> str:
    more = f" ({len(said) - MOST_NAMED} more: see the tables)" if len(said) > MOST_NAMED else ""
    return between.join(said[:MOST_NAMED]) + more


def _values(every: Iterable[Mapping[int, Need]]) -> list[float]:
    return [need.value for own in every for need in own.values() if need.value]


def _needs(found: Mapping[int, Need]) -> str:
    logs = centre(found.values())
    return kbit_s(math.exp(logs.value)) if logs else "an unknown bandwidth"


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
