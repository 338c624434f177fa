"""Unit conversion between text and numbers in base units; no other module converts.

`parse("20 Mbit/s", "bit/s")` is 20e6. The registry defines only the units that scenarios use, so that a bit is not a
dimensionless count: pint's default registry would accept "10 Hz" as a bandwidth.
"""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from simnet.errors import InputError

if TYPE_CHECKING:
    import pint

EXAMPLES = {
    "bit/s": "20 Mbit/s",
    "ns": "15 ms",
    "m/s": "36 km/h",
    "B": "16 kB",
    "": "1 %",
    "deg": "90 deg",
    "m": "8 m",
    "Hz": "10 Hz",
}
"""Base units of `simnet.records`, each with an example as a user would write it; "" is a dimensionless fraction."""

_LARGEST = 1e18

_MEANINGS = {
    "bit/s": "bit rate",
    "ns": "time",
    "m/s": "speed",
    "B": "size in bytes",
    "": "share",
    "deg": "angle",
    "m": "length",
    "Hz": "frequency",
}

_READABLE: dict[str, tuple[str, ...]] = {
    "bit/s": ("Gbit/s", "Mbit/s", "kbit/s"),
    "ns": ("s", "ms", "us"),
    "m/s": ("m/s", "km/h"),
    "B": ("kB",),
    "": ("%",),
}

_DEFINITIONS = [
    "nano- = 1e-9 = n-",
    "micro- = 1e-6 = µ- = u-",
    "milli- = 1e-3 = m-",
    "centi- = 1e-2 = c-",
    "kilo- = 1e3 = k-",
    "mega- = 1e6 = M-",
    "giga- = 1e9 = G-",
    "kibi- = 1024 = Ki-",
    "mebi- = 1048576 = Mi-",
    "second = [time] = s = sec",
    "minute = 60 * second = min",
    "hour = 3600 * second = h",
    "hertz = 1 / second = Hz = fps",
    "meter = [length] = m = metre",
    "mile_per_hour = 0.44704 * meter / second = mph",
    "bit = [information]",
    "byte = 8 * bit = B",
    "bit_per_second = bit / second = bps",
    "degree = [angle] = deg",
    "radian = 57.295779513082320876798154814 * degree = rad",
    "percent = 0.01",
]

_COMMON: dict[str, dict[str, Decimal]] = {
    "bit/s": {"bit/s": Decimal(1), "kbit/s": Decimal(1000), "Mbit/s": Decimal(10**6), "Gbit/s": Decimal(10**9)},
    "ns": {"ns": Decimal(1), "us": Decimal(1000), "ms": Decimal(10**6), "s": Decimal(10**9)},
    "m/s": {"m/s": Decimal(1), "km/h": Decimal(1000) / Decimal(3600)},
    "B": {"B": Decimal(1), "kB": Decimal(1000), "MB": Decimal(10**6)},
    "": {"%": Decimal("0.01")},
    "deg": {"deg": Decimal(1)},
    "m": {"m": Decimal(1), "km": Decimal(1000)},
    "Hz": {"Hz": Decimal(1)},
}
"""What pint finds for the units of most scenarios. It takes a third of a second to load, and is asked for others alone."""

_QUANTITY = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(.*?)\s*", re.DOTALL)
_UNIT = re.compile(r"%|[A-Za-zµ]+(?:_[A-Za-z]+)*(?: ?/ ?[A-Za-zµ]+)?")
_THOUSANDTHS_OF_BITS = re.compile(r"m(bit|bps|B|byte)")


class UnitError(InputError, ValueError):
    """A value is not a quantity of the expected unit. It is also a ValueError, so that pydantic reports its location."""


def parse(value: object, unit: str, example: str | None = None) -> float:
    """Return `value` ("20 Mbit/s", "100ms", or 0) as a number of `unit`s.

    Args:
        value: Text with a number and a unit; a bare number is rejected unless it is zero, which is the same in all units.
        unit: The base unit to return, a key of `EXAMPLES`.
        example: Example to show in the error instead of the unit's own.

    Raises:
        UnitError: `value` has no unit, an unknown unit, or a unit of another dimension.
    """
    expected = f"expected a value such as {example or EXAMPLES[unit]!r}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value == 0:
            return 0.0
        raise UnitError(f"{value} has no unit; {expected}")
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise UnitError(f"{shorten(value)} is no number with a unit; {expected}")
    number, written = Decimal(match[1]), match[2].replace("°", "deg").replace("μ", "µ")
    if not written:
        if number == 0:
            return 0.0
        raise UnitError(f"{shorten(value)} has no unit; {expected}")
    if _THOUSANDTHS_OF_BITS.match(written):
        raise UnitError(f"{shorten(value)} means thousandths of a bit or byte; {expected}")
    try:
        return _convert(number, written, unit)
    except UnitError as error:
        raise UnitError(f"{shorten(value)} {error}; {expected}") from None


def parse_int(value: object, unit: str, example: str | None = None) -> int:
    """Return `value` as the nearest integer number of `unit`s (times in ns, sizes in bytes); same errors as `parse`."""
    return round(parse(value, unit, example))


def magnitude(text: str) -> float | None:
    """Return a quantity of any known unit in its base unit, or the value of a bare number; None for other text."""
    match = _QUANTITY.fullmatch(text)
    if not match:
        return None
    if not match[2]:
        return float(match[1])
    for unit in EXAMPLES:
        with suppress(UnitError):
            return parse(text, unit)
    return None


def text(value: float, unit: str) -> str:
    """Return `value` in `unit` as short text; `parse` of that text returns exactly `value`."""
    if value == 0:
        return "0 s" if unit == "ns" else f"0 {unit or '%'}"
    for readable in _READABLE.get(unit, ()):
        scaled = float(Decimal(repr(value)) / Decimal(repr(parse(f"1 {readable}", unit))))
        candidate = f"{scaled:.10g}"
        whole_enough = "e" not in candidate and abs(scaled) >= 1 and (unit != "B" or scaled.is_integer())
        if whole_enough and parse(f"{candidate} {readable}", unit) == value:
            return f"{candidate} {readable}"
    if not unit:
        return f"{(Decimal(repr(value)) * 100).normalize():f} %"
    short = f"{value:.12g}"
    return f"{short if float(short) == value else repr(value)} {unit}"


def shorten(value: object, limit: int = 60) -> str:
    """Return `value` formatted for an error message: quoted, on one line, truncated to `limit`."""
    shown = repr(value)
    return shown if len(shown) <= limit else f"{shown[:limit]}..."


def _convert(number: Decimal, written: str, unit: str) -> float:
    converted = float(number * _factor(written, unit))
    if abs(converted) > _LARGEST:
        raise UnitError("is out of range")
    return converted


def _factor(written: str, unit: str) -> Decimal:
    """Return how many `unit`s a unit is."""
    known = _COMMON[unit].get(written)
    return _found(written, unit) if known is None else known


@lru_cache(maxsize=1024)
def _found(written: str, unit: str) -> Decimal:
    """Return how many `unit`s a unit is, which pint takes a third of a millisecond to find."""
    import pint

    registry = _registry()
    try:
        if re.match(r",\d", written):
            raise UnitError("has a decimal comma")
        if "," in written:
            raise UnitError("is a list, which only `simnet sweep --set` takes")
        if not _UNIT.fullmatch(written):
            raise UnitError(f"has an unknown unit {shorten(written)}")
        quantity = registry.Quantity(Decimal(1), registry.parse_units(written))
        return Decimal(quantity.to(registry.parse_units(unit)).magnitude)
    except pint.UndefinedUnitError:
        raise UnitError(f"has an unknown unit {shorten(written)}") from None
    except pint.DimensionalityError:
        raise UnitError(f"is not a {_MEANINGS[unit]}") from None


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry:
    import pint

    # Decimal keeps "1 %" at exactly the float nearest to 0.01, and times in ns exact.
    # pint's annotations are narrower than its documentation, which allows no file and any number type.
    options: dict[str, Any] = {"filename": None, "non_int_type": Decimal}
    registry = pint.UnitRegistry(**options)
    registry.load_definitions(_DEFINITIONS)
    return registry
