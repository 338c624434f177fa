"""Formatting of numbers as text. A missing number is shown as missing, never as zero."""

from __future__ import annotations

import math
from collections.abc import Sequence

MISSING = "-"
FEW = 30
"""Minimum frames of a sample; the page marks smaller samples."""


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Return `value` with grouped thousands and `digits` decimals; `-` for None."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    shown = f"{value:,.{digits}f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{shown} {unit}" if unit else shown


def signed(value: float | None, digits: int = 2) -> str:
    """Return `value` with its sign."""
    return MISSING if value is None else f"{value:+.{digits}f}"


def percent(part: float | None, whole: float | None, digits: int = 1) -> str:
    """Return part / whole in percent; `-` if the whole is missing or 0."""
    if part is None or not whole:
        return MISSING
    return f"{100 * part / whole:.{digits}f} %"


def milliseconds(value_ns: int | None) -> str:
    """Return nanoseconds as milliseconds without trailing zeros."""
    return MISSING if value_ns is None else f"{value_ns / 1e6:g} ms"


def bit_rate(value_bps: float | None) -> str:
    """Return a bit rate in the largest unit in which the number is at least 1."""
    if value_bps is None:
        return MISSING
    for scale, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if value_bps >= scale:
            return f"{value_bps / scale:g} {unit}"
    return f"{value_bps:g} bit/s"


def place(position_m: Sequence[float]) -> str:
    """Return a position in metres as text."""
    return f"({', '.join(f'{value:g}' for value in position_m)}) m"


def few_pictures(count: int) -> str:
    """Return a warning if a mean is over few pictures, else an empty text."""
    return f"A small sample, fewer than {FEW} pictures: take the means as anecdotes." if count < FEW else ""


def few_frames(counts: dict[str, int]) -> str:
    """Return a warning that names the means over few frames; empty if there are none."""
    few = [f"{name} ({count})" for name, count in counts.items() if count < FEW]
    if not few:
        return ""
    return f"Small samples, fewer than {FEW} frames: {', '.join(few)}. Take their means as anecdotes."
