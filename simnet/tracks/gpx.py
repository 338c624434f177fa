"""GPX reader for files of loggers, phones and flight controllers (topografix.com/gpx/1/1): points of a track or a route."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.clock_times import Clock
from simnet.printable import names_of_file
from simnet.records import SECOND_NS
from simnet.tracks import cleaning, track
from simnet.tracks.cleaning import LoggedPoint
from simnet.tracks.track import Track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gpxpy.gpx import GPX, GPXRoutePoint, GPXTrackPoint

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DECLARED = re.compile(r"<\?xml[^>]*\?>")
_ENCODING = re.compile(r"""encoding=["']([\w.:-]+)["']""")


def read(file: Path, name: str | None) -> Track:
    """Return the file's only track or route, or the one of this name or number; segments are joined.

    Raises:
        InputError: The file cannot be read, is not GPX, or holds no such track; the message lists what it holds.
    """
    import gpxpy
    import gpxpy.gpx

    try:
        parsed = gpxpy.parse(_text(track.read_bytes(file)))
    except (gpxpy.gpx.GPXException, ValueError, LookupError, RecursionError) as error:
        at = re.search(r"line (\d+)", str(error))
        where = f"{file}:{at[1]}" if at else str(file)
        raise track.input_error(f"{where}: no GPX; expected GPX 1.0 or 1.1") from None
    what, points = _choose(file, parsed, name)
    read: list[LoggedPoint] = []
    clock = Clock("time")
    for number, point in enumerate(points, 1):
        where = f"{file}: {what}, point {number}"
        latitude, longitude = track.latitude(where, point.latitude), track.longitude(where, point.longitude)
        height = None if point.elevation is None else track.number(where, "ele", point.elevation)
        time_ns = None if point.time is None else _time_ns(point.time)
        if read and (time_ns is None) != (read[-1].time_ns is None):
            found, others = ("no time", "have") if time_ns is None else ("a time", "have none")
            raise track.input_error(
                f"{where}: {found} where those before {others}; expected a time in every point or in none"
            )
        here = LoggedPoint(where, (latitude, longitude, height), time_ns)
        if time_ns is not None:
            clock.check_ascending(where, time_ns, str(point.time))
            if read and (time_ns, here.place) == (read[-1].time_ns, read[-1].place):
                continue  # loggers repeat a segment's last point as the first of the next
        read.append(here)
    return cleaning.cleaned(file, read, geographic=True)


def _choose(file: Path, parsed: GPX, name: str | None) -> tuple[str, Sequence[GPXTrackPoint | GPXRoutePoint]]:
    """Return the chosen track's name for errors, and its points."""
    ways: list[tuple[str, Sequence[GPXTrackPoint | GPXRoutePoint]]] = []
    for index, each in enumerate(parsed.tracks, 1):
        ways.append((each.name or f"track {index}", [point for part in each.segments for point in part.points]))
    for index, each in enumerate(parsed.routes, 1):
        ways.append((each.name or f"route {index}", each.points))
    ways = [(called, points) for called, points in ways if points]
    known = names_of_file(f"{called} ({number})" for number, (called, _) in enumerate(ways, 1))
    if not ways:
        raise track.input_error(f"{file}: no point of a track or a route; expected a GPX track")
    if name is None and len(ways) > 1:
        raise track.input_error(f"{file}: {len(ways)} tracks; expected track: one of {known}")
    chosen = [(called, points) for called, points in ways if name in {None, called}]
    if not chosen and name is not None and name.isdecimal():
        chosen = ways[int(name) - 1 : int(name)] if int(name) else []
    if len(chosen) != 1:
        found = f"{len(chosen)} tracks called" if chosen else "no track"
        raise track.input_error(f"{file}: {found} {name!r}; expected one of: {known}")
    return chosen[0]


def _text(data: bytes) -> str:
    """Return the text of XML in the encoding that it declares."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _DECLARED.sub("", data.decode("utf-16"), count=1)
    declared = _DECLARED.search(data[:200].decode("latin-1"))
    found = _ENCODING.search(declared[0]) if declared else None
    name = found[1] if found else None
    text = data.decode("utf-8-sig" if name is None or name.lower() in {"utf-8", "utf8"} else name)
    return _DECLARED.sub("", text, count=1)


def _time_ns(time: datetime) -> int:
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1000
