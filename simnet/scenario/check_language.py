"""Language of a scenario's checks: comparisons that hold or fail for the results of runs.

    lost(*/front) in open > 4 * lost(*/front)

A check compares two sums of numbers and measures. `measure(stream)` is measured in the unchanged scenario, or `in` a variant.
For a pattern of streams, countable measures (frames, kbit/s) are summed and all other measures (dB, ms) are averaged.

    check   = sum, relation, sum               relation = > | < | >= | <=
    sum     = term, {+ | -, term}              measure  = a key of a stream's summary, in_time, missed, or task.figure
    term    = number | [number *] measure ( pattern ) [in variant]
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from simnet.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    Summaries = Mapping[str, Mapping[str, Mapping[str, Any]]]
    """By variant ("" is the scenario as it is) and stream: the stream's summary."""

_RELATIONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_SIDES = re.compile(r"\s(>=|<=|>|<)\s")
_SIGN = re.compile(r"\s([+-])\s")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MEASURED = re.compile(
    r"(?:(?P<factor>\d+(?:\.\d+)?)\s*\*\s*)?(?P<measure>[\w-]+(?:\.\w+)?)\((?P<streams>[^\s()]+)\)(?:\s+in\s+(?P<variant>[\w-]+))?"
)
_COUNTED = (
    *("frames", "decoded", "concealed", "late", "lost", "corrupt", "reference_lost", "node_lost", "key_frames"),
    "kbit_s",
)
_MEAN = ("bpp", "psnr_db", "ms_ssim", "side_gain_db", "latency_ms_p50", "latency_ms_p95")
_DERIVED = ("in_time", "missed")
_TASK = "."
"""Part of a measure that is a task's figure."""
MEASURES = (*_COUNTED, *_DERIVED, *_MEAN)


@dataclass(frozen=True)
class Term:
    """A number, or a multiple of a measure of the streams that a pattern matches."""

    factor: float
    measure: str = ""
    streams: str = ""
    variant: str = ""

    def value(self, summaries: Summaries) -> float:
        """Return the value of the term; ScenarioError if a stream, or every stream, lacks the number."""
        if not self.measure:
            return self.factor
        of_run = summaries[self.variant]
        found = [_measured(self.measure, of_run[name]) for name in of_run if fnmatchcase(name, self.streams)]
        if _TASK in self.measure:  # a task may be done for some of the streams
            found = [number for number in found if number is not None]
        numbers = [number for number in found if number is not None]
        if not numbers or len(numbers) < len(found):
            raise ScenarioError(
                f"{self.measure}({self.streams}): {len(numbers)} of {len(found)} streams have it; expected all of one or more"
            )
        total = sum(numbers)
        is_mean = self.measure in _MEAN or _TASK in self.measure
        return self.factor * (total / len(numbers) if is_mean else total)


@dataclass(frozen=True)
class Check:
    """Two sums and the required relation between them."""

    text: str
    left: tuple[Term, ...]
    relation: str
    right: tuple[Term, ...]

    @property
    def variants(self) -> set[str]:
        """Variants that the check needs; "" is the unchanged scenario."""
        return {term.variant for term in (*self.left, *self.right) if term.measure}

    def sides(self, summaries: Summaries) -> tuple[float, float]:
        """Return the values of both sums."""
        left, right = (sum(term.value(summaries) for term in side) for side in (self.left, self.right))
        return left, right

    def holds(self, summaries: Summaries) -> bool:
        """Return whether the relation holds."""
        return _RELATIONS[self.relation](*self.sides(summaries))


def parse(text: str, variants: Collection[str]) -> Check:
    """Return the check parsed from `text`; ScenarioError if it is invalid or names a variant that is not in `variants`."""
    sides = _SIDES.split(text)
    if len(sides) != 3:
        raise ScenarioError(f"{text!r} is no comparison; expected one of {', '.join(_RELATIONS)} between spaces")
    return Check(text, _sum(sides[0], variants), sides[1], _sum(sides[2], variants))


def _sum(text: str, variants: Collection[str]) -> tuple[Term, ...]:
    first, *rest = _SIGN.split(text.strip())
    signs = {"+": 1.0, "-": -1.0}
    others = zip(rest[::2], rest[1::2], strict=True)
    return (_term(first, 1.0, variants), *(_term(term, signs[sign], variants) for sign, term in others))


def _term(text: str, sign: float, variants: Collection[str]) -> Term:
    if _NUMBER.fullmatch(text):
        return Term(sign * float(text))
    if not (match := _MEASURED.fullmatch(text)):
        raise ScenarioError(f"{text!r} is no term; expected a number, or a measure such as 2 * lost(car/front) in open")
    measure, variant = match["measure"], match["variant"] or ""
    if measure not in MEASURES and _TASK not in measure:
        raise ScenarioError(f"no measure {measure!r}; expected one of: {', '.join(MEASURES)}, or task.figure")
    if variant and variant not in variants:
        raise ScenarioError(f"no variant {variant!r}; expected one of: {', '.join(variants) or 'none'}")
    return Term(sign * float(match["factor"] or 1), measure, match["streams"], variant)


def _measured(measure: str, summary: Mapping[str, Any]) -> float | None:
    if measure == "in_time":
        return summary["decoded"]
    if measure == "missed":
        return summary["frames"] - summary["decoded"]
    if _TASK in measure:
        return summary["tasks"].get(measure)
    return summary[measure]
