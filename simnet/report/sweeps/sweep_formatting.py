"""Formatting of a sweep's numbers as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from simnet.report.formatting import MISSING, number
from simnet.report.mean_interval import Mean
from simnet.report.sweeps.comparison_grid import BANDWIDTH, SINGLE, Axis

MINUS = "\N{MINUS SIGN}"


def signed(value: float, digits: int) -> str:
    """Return a number with its sign; without one if it rounds to zero."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"{MINUS if value < 0 else '+'}{text}"


def with_interval(found: Mean | None, digits: int, unit: str = "") -> str:
    """Return a mean with the half-width of its 95 % interval."""
    if found is None:
        return MISSING
    half = "" if found.half_width is None else f" ± {number(found.half_width, digits)}"
    return f"{number(found.value, digits)}{half}{unit and ' ' + unit}"


def kbit_s(value: float) -> str:
    """Return a bandwidth in kbit/s as text with three significant digits."""
    return f"{amount(value)} kbit/s" if value < 10_000 else f"{amount(value / 1e3)} Mbit/s"


def between(low: float, high: float) -> str:
    """Return a range of bandwidths in kbit/s as text."""
    return f"between {amount(low) if high < 10_000 else kbit_s(low)} and {kbit_s(high)}"


def amount(value: float) -> str:
    """Return a number with three significant digits."""
    if value == 0 or not math.isfinite(value):
        return number(value)
    return number(value, max(0, 2 - math.floor(math.log10(abs(value)))))


def place(axis: Axis, x: float | str | None, setting: str) -> str:
    """Return a setting of the x axis as text."""
    if axis.kind in {BANDWIDTH, SINGLE} and isinstance(x, float):
        return kbit_s(x)
    return setting or "not set"


def at(axis: Axis, x: float | str | None, setting: str) -> str:
    """Return `at 250 kbit/s`, or `at loss=1 %`; empty if nothing was swept."""
    if axis.kind == SINGLE:
        return f"at {kbit_s(x)}" if isinstance(x, float) else ""
    said = place(axis, x, setting)
    return f"at {said}" if axis.kind == BANDWIDTH else f"at {axis.key}={said}"


def listed(items: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def counted(count: int, what: str) -> str:
    """Return `1 seed`, `3 seeds`."""
    return f"{count} {what}{'s' * (count != 1)}"


def seeds_of(count: int) -> str:
    """Return the number of seeds of a mean, in brackets."""
    return f" (mean of {count} seeds)" if count > 1 else " (one seed)"
