"""CSV reader: one waypoint per row, column names in the first line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simnet.printable import names_of_file, of_file
from simnet.records import SECOND_NS
from simnet.tracks import track
from simnet.tracks.track import Place, Track

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Columns:
    """Column names: `first` and `second` are x and y in metres, or latitude and longitude in degrees."""

    first: str
    second: str
    geographic: bool
    height: str | None = None
    time: str | None = None
    """Column of seconds, or of ISO 8601 dates and times (UTC unless they state an offset)."""
    heading: str | None = None
    """Column of headings in degrees, counter-clockwise from east."""


def read(file: Path, columns: Columns) -> Track:
    """Return the track in a file.

    Raises:
        InputError: The file cannot be read, lacks a column, or has a value that is not a number; the message has the line.
    """
    try:
        text = track.read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise track.input_error(f"{file}: no text ({error.reason} at byte {error.start}); expected CSV") from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    places: list[Place] = []
    times_ns: list[int] = []
    headings: list[float] = []
    try:
        empty: list[str] = []
        header = [name.strip() for name in next(lines, empty)]
        at = {name: _index(file, header, name) for name in _names(columns)}
        for line in lines:
            if not line:
                continue
            where = f"{file}:{lines.line_num}"
            if len(line) != len(header):
                raise track.input_error(f"{where}: {len(line)} fields; expected {len(header)} as in the first line")
            cells = {name: line[index] for name, index in at.items()}
            places.append(_place(where, columns, cells))
            if columns.time is not None:
                times_ns.append(_time_ns(where, columns.time, cells[columns.time]))
                if len(times_ns) > 1 and times_ns[-1] <= times_ns[-2]:
                    found = of_file(cells[columns.time])
                    raise track.input_error(
                        f"{where}: {columns.time} {found} is not after the row before; expected ascending times"
                    )
            if columns.heading is not None:
                headings.append(track.number(where, columns.heading, cells[columns.heading]))
    except csv.Error as error:
        raise track.input_error(f"{file}:{lines.line_num}: no valid CSV: {error}") from None
    if not places:
        raise track.input_error(f"{file}:{lines.line_num}: no row; expected waypoints below the names of columns")
    return Track(
        tuple(places),
        columns.geographic,
        tuple(times_ns),
        track.unwrap(headings),
        clock_ns=times_ns[0] if times_ns else 0,
    )


def _names(columns: Columns) -> list[str]:
    optional = [name for name in (columns.height, columns.time, columns.heading) if name is not None]
    return [columns.first, columns.second, *optional]


def _index(file: Path, header: list[str], name: str) -> int:
    if header.count(name) != 1:
        found = "two columns" if name in header else "no column"
        raise track.input_error(f"{file}:1: {found} {name!r}; expected one of: {names_of_file(header)}")
    return header.index(name)


def _place(where: str, columns: Columns, cells: dict[str, str]) -> Place:
    height = None if columns.height is None else track.number(where, columns.height, cells[columns.height])
    first, second = cells[columns.first], cells[columns.second]
    if columns.geographic:
        return track.latitude(where, first), track.longitude(where, second), height
    return track.number(where, columns.first, first), track.number(where, columns.second, second), height


def _time_ns(where: str, column: str, text: str) -> int:
    try:
        float(text)
    except ValueError:
        try:
            since = datetime.fromisoformat(text.strip())
        except ValueError:
            raise track.input_error(
                f"{where}: {column} is {of_file(text)}; expected seconds, or a date and time of ISO 8601"
            ) from None
        since = (since if since.tzinfo else since.replace(tzinfo=UTC)) - _EPOCH
        return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1000
    return round(track.number(where, column, text, -1e10, 1e10) * SECOND_NS)
