"""Building blocks of the schema: quantities with units, shorthands and choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from simnet import plugins, units
from simnet.errors import PluginError

QUANTITY_PATTERN = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\S.*$"

UNIT_KEY = "x-unit"
"""Marker of a quantity in the JSON Schema until its default is written with its unit."""


class Spec(BaseModel):
    """Base class of the schema: frozen, without unknown keys."""

    # Only the whole scenario's validator is made, when it is first used: one for each class took a fifth of a second.
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


@dataclass(frozen=True)
class Quantity:
    """Annotation of a number that is written with a unit and stored in a base unit of `simnet.units.EXAMPLES`."""

    unit: str
    low: float
    """Smallest value, in base units."""
    high: float
    whole: bool = False
    """Whether to round to an integer: times in ns, sizes in bytes."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make pydantic parse the value with `read`."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the valid forms: text with a unit, or zero."""
        return {
            "anyOf": [{"type": "string", "pattern": QUANTITY_PATTERN}, {"const": 0}],
            "examples": [units.EXAMPLES[self.unit]],
            UNIT_KEY: self.unit,
        }

    def read(self, value: object) -> float:
        """Return `value` in base units; UnitError if it is not such a quantity or out of bounds."""
        number: float = units.parse(value, self.unit)
        if self.whole:
            number = round(number)
        if not self.low <= number <= self.high:
            bounds = f"{units.text(self.low, self.unit)} to {units.text(self.high, self.unit)}"
            raise units.UnitError(f"{units.shorten(value)} is out of range; expected {bounds}")
        return number


@dataclass(frozen=True, eq=False)
class Shorthand:
    """Annotation of a mapping with a short form: `expand` returns the mapping for either form."""

    expand: Callable[[Any], Any]
    short: dict[str, Any]
    """JSON Schema of the short form."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Expand the short form before pydantic validates the mapping."""
        return core_schema.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe both forms."""
        return {"anyOf": [self.short, handler(schema)]}


@dataclass(frozen=True, eq=False)
class Choice:
    """Annotation of a name: one of `offered` or of the plug-ins of `group`, which cannot use simnet's `own` names."""

    group: str
    own: tuple[str, ...]
    offered: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the name after pydantic has validated it as text."""
        return core_schema.no_info_after_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the installed names."""
        return {"type": "string", "enum": names} if (names := self._names()) else {"type": "string"}

    def read(self, value: str) -> str:
        """Return `value`; ValueError or pydantic's own error if the name does not exist or exists twice."""
        try:
            plugin = plugins.find(self.group, value, self.own)
        except PluginError as error:
            raise ValueError(str(error)) from error
        if plugin is not None or value in self.offered:
            return value
        names = [repr(name) for name in self._names()]
        if not names:
            raise ValueError(f"no {plugins.NOUNS[self.group]} {value!r} is installed; expected one of another package")
        raise PydanticKnownError(
            "literal_error", {"expected": " or ".join([", ".join(names[:-1]), names[-1]][-len(names) :])}
        )

    def _names(self) -> list[str]:
        known = {each.name for each in plugins.installed(self.group)} - set(self.own)
        return [*self.offered, *sorted(known)]


def as_written(value: object) -> object:
    """Return a number as the text that the file has: YAML takes the names 0, 08 and 1.10 for numbers."""
    return getattr(value, "written", value)


HOUR_NS = 3_600_000_000_000
BitRate = Annotated[float, Quantity("bit/s", 1.0, 1e12)]
Time = Annotated[int, Quantity("ns", 0, 24 * HOUR_NS, whole=True)]
Moment = Annotated[int, Quantity("ns", -24 * HOUR_NS, 24 * HOUR_NS, whole=True)]
SomeTime = Annotated[int, Quantity("ns", 1, 24 * HOUR_NS, whole=True)]
Size = Annotated[int, Quantity("B", 0, 1e12, whole=True)]
SomeSize = Annotated[int, Quantity("B", 1, 1e12, whole=True)]
Speed = Annotated[float, Quantity("m/s", 0.0, 1e4)]
SignalSpeed = Annotated[float, Quantity("m/s", 1.0, 3e8)]
Length = Annotated[float, Quantity("m", -1e7, 1e7)]
Margin = Annotated[float, Quantity("m", 0.0, 1e7)]
Share = Annotated[float, Quantity("", 0.0, 1.0)]
Angle = Annotated[float, Quantity("deg", -360.0, 360.0)]
Turn = Annotated[float, Quantity("deg", 0.0, 180.0)]
Tilt = Annotated[float, Quantity("deg", -90.0, 90.0)]
Opening = Annotated[float, Quantity("deg", 1.0, 179.0)]
Frequency = Annotated[float, Quantity("Hz", 0.001, 1000.0)]

Quality = Annotated[float, Field(ge=0, le=1, strict=True)]
Metres = Annotated[float, Field(ge=-1e7, le=1e7, allow_inf_nan=False, strict=True)]
Turned = Annotated[float, Field(ge=-1e7, le=1e7, allow_inf_nan=False, strict=True)]
Latitude = Annotated[float, Field(ge=-89.9, le=89.9, allow_inf_nan=False, strict=True)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, strict=True)]
Count = Annotated[int, Field(strict=True)]
Point = Annotated[tuple[Metres, ...], Field(min_length=2, max_length=3)]
Offset = Annotated[tuple[Metres, ...], Field(min_length=3, max_length=3)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Plain = str | bool | int | Number | list[str | bool | int | Number]
Given = Annotated[str, StringConstraints(min_length=1), BeforeValidator(as_written)]

ANY_DISTANCE = "any distance"


class _Reach(Quantity):
    """Distance of a step of a bandwidth ladder; a constant bandwidth is a ladder of one endless step."""

    def read(self, value: object) -> float:
        """Return metres, infinite for `ANY_DISTANCE`."""
        return math.inf if value == ANY_DISTANCE else super().read(value)


def _expand_bandwidth(value: Any) -> Any:
    if not isinstance(value, dict):
        return {ANY_DISTANCE: value}
    if not value:
        raise ValueError("no step in the ladder; expected e.g. {100 m: 4 Mbit/s, 250 m: 1 Mbit/s}")
    reaches: dict[float, str] = {}
    for written in value:
        try:
            reach_m = units.parse(written, "m")
        except units.UnitError:
            continue  # The fault is reported at the key itself when the key is validated.
        if (same := reaches.setdefault(reach_m, written)) != written:
            raise ValueError(f"{same!r} and {written!r} are the same distance; expected each step once")
    return value


Ladder = Annotated[
    dict[Annotated[float, _Reach("m", 0.001, 1e7)], BitRate],
    Shorthand(_expand_bandwidth, {"type": "string", "pattern": QUANTITY_PATTERN, "examples": ["20 Mbit/s"]}),
    Field(examples=["400 kbit/s", {"100 m": "4 Mbit/s", "250 m": "1 Mbit/s"}]),
]
