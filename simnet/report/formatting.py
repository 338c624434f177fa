"""Numbers as a reader sees them. What is missing is shown as missing, never as zero."""

from __future__ import annotations

import math
from collections.abc import Sequence

MISSING = "-"
FEW = 30
"""Below so many frames a mean is an anecdote, and the page says so."""


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Return `value` with thousands apart and `digits` decimals; `-` where there is none."""
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
    """Return part / whole in percent; `-` where there is no whole."""
    if part is None or not whole:
        return MISSING
    return f"{100 * part / whole:.{digits}f} %"


def milliseconds(value_ns: int | None) -> str:
    """Return nanoseconds as milliseconds, decimals only where they say something."""
    return MISSING if value_ns is None else f"{value_ns / 1e6:g} ms"


def bit_rate(value_bps: float | None) -> str:
    """Return a bit rate in the unit that reads best."""
    if value_bps is None:
        return MISSING
    for scale, unit in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
        if value_bps >= scale:
            return f"{value_bps / scale:g} {unit}"
    return f"{value_bps:g} bit/s"


def place(position_m: Sequence[float]) -> str:
    """Return a position in metres."""
    return f"({', '.join(f'{value:g}' for value in position_m)}) m"


def few_pictures(count: int) -> str:
    """Return a warning where a mean rests on few pictures; empty where it does not."""
    return f"A small sample, fewer than {FEW} pictures: take the means as anecdotes." if count < FEW else ""


def few_frames(counts: dict[str, int]) -> str:
    """Return a warning that names what rests on few frames; empty where nothing does."""
    few = [f"{name} ({count})" for name, count in counts.items() if count < FEW]
    if not few:
        return ""
    return f"Small samples, fewer than {FEW} frames: {', '.join(few)}. Take their means as anecdotes."
