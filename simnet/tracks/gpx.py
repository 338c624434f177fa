"""GPX reader for files of loggers, phones and flight controllers (topografix.com/gpx/1/1): points of a track or a route."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.printable import names_of_file
from simnet.records import SECOND_NS
from simnet.tracks import track
from simnet.tracks.track import Place, Track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpxpy.gpx import GPX, GPXRoutePoint, GPXTrackPoint

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(file: Path, name: str | None) -> Track:
    """Return the file's only track or route, or the one called `name`; segments are joined.

    Raises:
        InputError: The file cannot be read, is not GPX, or holds no such track; the message lists what it holds.
    """
    import gpxpy
    import gpxpy.gpx

    try:
        parsed = gpxpy.parse(track.read_bytes(file).decode("utf-8-sig"))
    except (gpxpy.gpx.GPXException, ValueError, RecursionError) as error:
        at = re.search(r"line (\d+)", str(error))
        where = f"{file}:{at[1]}" if at else str(file)
        raise track.input_error(f"{where}: no GPX; expected GPX 1.0 or 1.1") from None
    what, points = _choose(file, parsed, name)
    places: list[Place] = []
    times_ns: list[int] = []
    for number, point in enumerate(points, 1):
        where = f"{file}: {what}, point {number}"
        latitude, longitude = track.latitude(where, point.latitude), track.longitude(where, point.longitude)
        height = None if point.elevation is None else track.number(where, "ele", point.elevation)
        time_ns = None if point.time is None else _time_ns(point.time)
        if number > 1 and (time_ns is None) != (not times_ns):
            found, others = ("no time", "have") if time_ns is None else ("a time", "have none")
            raise track.input_error(
                f"{where}: {found} where those before {others}; expected a time in every point or in none"
            )
        here = (latitude, longitude, height)
        if times_ns and time_ns is not None and time_ns <= times_ns[-1]:
            if time_ns == times_ns[-1] and here == places[-1]:
                continue  # loggers repeat a segment's last point as the first of the next
            raise track.input_error(
                f"{where}: time {point.time} is not after the point before; expected ascending times"
            )
        places.append(here)
        times_ns += [] if time_ns is None else [time_ns]
    return Track(tuple(places), geographic=True, times_ns=tuple(times_ns), clock_ns=times_ns[0] if times_ns else 0)


def _choose(file: Path, parsed: GPX, name: str | None) -> tuple[str, Sequence[GPXTrackPoint | GPXRoutePoint]]:
    """Return the chosen track's name for errors, and its points."""
    ways: list[tuple[str, Sequence[GPXTrackPoint | GPXRoutePoint]]] = []
    for index, each in enumerate(parsed.tracks, 1):
        ways.append((each.name or f"track {index}", [point for part in each.segments for point in part.points]))
    for index, each in enumerate(parsed.routes, 1):
        ways.append((each.name or f"route {index}", each.points))
    ways = [(called, points) for called, points in ways if points]
    known = names_of_file(called for called, _ in ways)
    if not ways:
        raise track.input_error(f"{file}: no point of a track or a route; expected a GPX track")
    if name is None and len(ways) > 1:
        raise track.input_error(f"{file}: {len(ways)} tracks; expected track: one of {known}")
    chosen = [(called, points) for called, points in ways if name in {None, called}]
    if len(chosen) != 1:
        found = f"{len(chosen)} tracks called" if chosen else "no track"
        raise track.input_error(f"{file}: {found} {name!r}; expected one of: {known}")
    return chosen[0]


def _time_ns(time: datetime) -> int:
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1000
