"""Grid of a page's comparison: curves (codecs, folders or both), separate cases, and the x axis."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from simnet import units
from simnet.runfolder.sweep_reader import CellFolder
from simnet.runfolder.sweep_records import Point

OWN_CODECS = "scenario's own codecs"
BANDWIDTH, NUMBER, CATEGORY, SINGLE = "bandwidth", "number", "category", "single"
OFFERED = "bandwidth offered (kbit/s a stream)"
_NUMBER = re.compile(r"\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(\S*)\s*")


class PointSource(Protocol):
    """Reader of points and their cells: of a sweep's folder, or of a run's folder as one point."""

    @property
    def points(self) -> tuple[Point, ...]:
        """Points of the grid."""
        ...

    def has(self, point: Point) -> bool:
        """Return whether the point has a cell."""
        ...

    def cell(self, point: Point) -> CellFolder:
        """Read the cell of the point."""
        ...


@dataclass(frozen=True, slots=True)
class ComparedFolder:
    """One compared folder; `label` is its name, empty for a single folder."""

    label: str
    source: PointSource
    path: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The x axis. `kind`: bandwidth (offered, measured), number (of a swept key), category, single (nothing swept)."""

    kind: str
    key: str
    title: str
    settings: tuple[str, ...]
    """Values of the key as typed, in order; one empty text if nothing was swept."""

    def number(self, setting: str) -> float | None:
        """Return a numeric key's setting as a number: as typed if all settings have one unit, else in base units."""
        return _number(setting, self.settings) if self.kind == NUMBER else None


@dataclass(frozen=True, slots=True)
class ComparisonGrid:
    """All points of all folders as curves, cases and settings, in order."""

    axis: Axis
    curves: tuple[str, ...]
    cases: tuple[str, ...]
    folders: tuple[ComparedFolder, ...]
    keys: tuple[str, ...]
    """Swept keys whose values define the cases."""
    scenarios: int
    spellings: Mapping[tuple[str, str], str]
    """Spelling of each quantity on the page, by key and value as typed."""

    def curve(self, folder: ComparedFolder, point: Point) -> str:
        """Return the curve of a point."""
        return curve_name(folder.label, point.codec)

    def setting(self, point: Point) -> str:
        """Return the point's setting of the x axis."""
        return self._settings(point).get(self.axis.key, "") if self.axis.key else ""

    def case(self, point: Point) -> str:
        """Return the case of a point; empty if there is only one case."""
        settings = self._settings(point)
        said = [point.scenario] if self.scenarios > 1 else []
        return ", ".join([*said, *(f"{key}={settings.get(key, 'not set')}" for key in self.keys)])

    def _settings(self, point: Point) -> dict[str, str]:
        return {key: self.spellings.get((key, value), value) for key, value in point.settings}


def grid(folders: Sequence[ComparedFolder]) -> ComparisonGrid:
    """Return the grid of all points of these folders."""
    points = [(folder, point) for folder in folders for point in folder.source.points]
    spellings = _spellings([point for _, point in points])
    swept = _swept([point for _, point in points], spellings)
    axis = _axis(swept)
    keys = tuple(key for key in swept if key != axis.key)
    scenarios = len({point.scenario for _, point in points})
    curves = dict.fromkeys(curve_name(folder.label, point.codec) for folder, point in points)
    made = ComparisonGrid(axis, tuple(curves), (), tuple(folders), keys, scenarios, spellings)
    cases = tuple(dict.fromkeys(made.case(point) for _, point in points))
    return replace(made, cases=cases)


def curve_name(label: str, codec: str) -> str:
    """Name a curve: the codec, the folder, or both."""
    return f"{label}: {codec}" if label and codec else label or codec or OWN_CODECS


def _spellings(points: Sequence[Point]) -> dict[tuple[str, str], str]:
    """Map equal quantities, such as `1Mbit/s` and `1000kbit/s`, to their first spelling.

    Values of a key that never has a unit are names, even if they look like numbers (`01` is not `1`).
    """
    asked = dict.fromkeys(setting for point in points for setting in point.settings)
    with_unit = {key for key, value in asked if (parts := _parts(value)) and parts[1]}
    made: dict[tuple[str, str], str] = {}
    first: dict[tuple[str, float], str] = {}
    for key, value in asked:
        if key in with_unit and (size := units.magnitude(value)) is not None:
            made[key, value] = first.setdefault((key, size), value)
    return made


def _swept(points: Sequence[Point], spellings: Mapping[tuple[str, str], str]) -> dict[str, tuple[str, ...]]:
    """Return swept keys with their values: numbers ascending, others in order of appearance.

    A key is swept if it has more than one value or is not set at every point.
    """
    values: dict[str, dict[str, None]] = {}
    for point in points:
        for key, value in point.settings:
            values.setdefault(key, {})[spellings.get((key, value), value)] = None
    for point in points:
        for key in values.keys() - dict(point.settings).keys():
            values[key][""] = None
    return {key: _ordered(tuple(own)) for key, own in values.items() if len(own) > 1}


def _ordered(values: tuple[str, ...]) -> tuple[str, ...]:
    known = {value: size for value in values if (size := units.magnitude(value)) is not None}
    return tuple(sorted(values, key=lambda value: known[value])) if len(known) == len(values) else values


def _axis(swept: dict[str, tuple[str, ...]]) -> Axis:
    bandwidths = [key for key in swept if key.rpartition(".")[2] == "bandwidth" and "" not in swept[key]]
    numbers = [key for key, own in swept.items() if all(units.magnitude(value) is not None for value in own)]
    for kind, found in ((BANDWIDTH, bandwidths), (NUMBER, numbers), (CATEGORY, list(swept))):
        if found:
            key = max(found, key=lambda each: len(swept[each]))
            title = OFFERED if kind == BANDWIDTH else key + (_unit(swept[key]) if kind == NUMBER else "")
            return Axis(kind, key, title, swept[key])
    return Axis(SINGLE, "", OFFERED, ("",))


def _parts(setting: str) -> tuple[float, str] | None:
    match = _NUMBER.fullmatch(setting)
    return (float(match[1]), match[2]) if match else None


def _common_unit(settings: Sequence[str]) -> str | None:
    found = {parts[1] if (parts := _parts(setting)) else None for setting in settings}
    return found.pop() if len(found) == 1 else None


def _unit(settings: Sequence[str]) -> str:
    unit = _common_unit(settings)
    return " (in base units)" if unit is None else f" ({unit})" if unit else ""


def _number(setting: str, settings: Sequence[str]) -> float | None:
    if _common_unit(settings) is not None and (parts := _parts(setting)):
        return parts[0]
    return units.magnitude(setting)
