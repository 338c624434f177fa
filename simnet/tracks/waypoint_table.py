"""CSV reader: one waypoint per row, with the columns that the scenario names (see `logged_tables`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simnet.clock_times import Clock
from simnet.logged_tables import LoggedTable
from simnet.tracks import cleaning, track
from simnet.tracks.cleaning import LoggedPoint
from simnet.tracks.track import Place, Track


@dataclass(frozen=True, slots=True)
class Columns:
    """Column names: `first` and `second` are x and y in metres, or latitude and longitude in degrees."""

    first: str
    second: str
    geographic: bool
    height: str | None = None
    time: str | None = None
    heading: str | None = None
    """Column of headings in degrees, counter-clockwise from east."""
    time_format: str | None = None
    """Form of the times (see `clock_times`)."""


def read(file: Path, columns: Columns) -> Track:
    """Return the track in a file.

    Raises:
        InputError: The file cannot be read, lacks a column, or has a value that is not a number; the message has the line.
    """
    names = [name for name in (columns.first, columns.second, columns.height, columns.time, columns.heading) if name]
    table = LoggedTable(file, track.read_bytes(file), names)
    clock = Clock(columns.time or "", columns.time_format)
    points: list[LoggedPoint] = []
    for where, fields in table:
        cells = dict(zip(names, fields, strict=True))
        points.append(
            LoggedPoint(
                where,
                _place(where, columns, cells),
                None if columns.time is None else clock.read_ns(where, cells[columns.time]),
                None if columns.heading is None else track.number(where, columns.heading, cells[columns.heading]),
            )
        )
    if not points:
        raise track.input_error(f"{table.where}: no row; expected waypoints below the names of columns")
    found = cleaning.cleaned(file, points, geographic=columns.geographic)
    if columns.time is None and columns.heading is not None:
        headings = [point.heading_deg or 0.0 for point in points]
        return Track(found.places, columns.geographic, (), track.unwrap(headings))
    return found


def _place(where: str, columns: Columns, cells: dict[str, str]) -> Place:
    height = None
    if columns.height is not None and cells[columns.height]:
        height = track.number(where, columns.height, cells[columns.height])
    first, second = cells[columns.first], cells[columns.second]
    if columns.geographic:
        return track.latitude(where, first), track.longitude(where, second), height
    return track.number(where, columns.first, first), track.number(where, columns.second, second), height
