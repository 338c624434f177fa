"""Resolver of paths from files: it finds, reads and places them around one origin and on the run's clock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path as File
from typing import TYPE_CHECKING

from simnet import tracks
from simnet.errors import InputError
from simnet.records import SECOND_NS, Trajectory
from simnet.scenario.resolve import file_lookup, resolve_nodes
from simnet.scenario.schema.path_schema import TrackSpec
from simnet.tracks import (
    gpx,
    mission_plan,
    sumo,
    timed_trajectory,
    waypoint_table,
)
from simnet.units import text

if TYPE_CHECKING:
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.scenario_schema import NodeSpec, ScenarioSpec

Points = tuple[tuple[float, float, float], ...]


LONGEST_WAIT_NS = 3600 * SECOND_NS
"""Time after the run at which a log may begin and still be of the same drive."""


@dataclass(frozen=True, slots=True)
class _RecordedPath:
    """Path of a node as read from its file."""

    path: TrackSpec
    node: NodeSpec
    track: tracks.Track
    source: str


class _Readers:
    """Readers of track files; a SUMO file, which is large, is read only once for all its vehicles."""

    def __init__(self, document: ScenarioSpec) -> None:
        paths = [node.path for node in document.nodes.values() if isinstance(node.path, TrackSpec)]
        self._vehicles = {path.vehicle for path in paths if path.vehicle is not None}
        self._sumo: dict[tuple[File, bool], dict[str, tracks.Track]] = {}
        self._digests: dict[File, str] = {}

    def read(self, file: File, path: TrackSpec, node: NodeSpec) -> tracks.Track:
        """Return the track of `path` in `file`; InputError if there is none."""
        if path.format == "gpx":
            return gpx.read(file, path.track)
        if path.format == "plan":
            return mission_plan.read(file, node.speed)
        if path.format == "csv":
            return _table(file, path)
        key, vehicle = (file, bool(path.geo)), path.vehicle or ""
        if key not in self._sumo:
            self._sumo[key] = sumo.read(file, self._vehicles, geographic=key[1])
        if vehicle not in self._sumo[key]:
            raise InputError(sumo.missing(file, vehicle))
        return self._sumo[key][vehicle]

    def digest(self, file: File) -> str:
        """Return the SHA-256 of a file, hexadecimal."""
        if file not in self._digests:
            with file.open("rb") as stream:
                self._digests[file] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._digests[file]


def resolve(
    document: ScenarioSpec, problems: Problems, file: File
) -> tuple[dict[str, Trajectory], tracks.Origin | None]:
    """Return the paths other than plain lists, and their common origin; faults are added to `problems`."""
    found: dict[str, _RecordedPath] = {}
    readers = _Readers(document)
    ways: dict[str, Trajectory] = {}
    for name, node in document.nodes.items():
        if not isinstance(node.path, TrackSpec):
            continue
        if node.path.points is not None:
            ways[name] = _written(node, node.path, document.duration)
        elif (recorded := _read(readers, name, node, node.path, problems, file)) is not None:
            found[name] = recorded
    problems.stop()
    origin = _origin(document, list(found.values()))
    clocks_ns: dict[str, int] = {}
    for each in found.values():
        kind = each.path.format
        clocks_ns[kind] = min(clocks_ns.get(kind, each.track.clock_ns), each.track.clock_ns)
    for name, each in found.items():
        _check_begin(name, each, clocks_ns[each.path.format], problems)
        _check_day(name, each, clocks_ns[each.path.format], document.duration, problems)
        try:
            ways[name] = _trajectory(each, origin, clocks_ns[each.path.format], document.duration)
        except InputError as error:
            problems.at_value(("nodes", name, "path"), str(error))
    return ways, origin


def _written(node: NodeSpec, path: TrackSpec, duration_ns: int) -> Trajectory:
    points = resolve_nodes.points_m(path.points or [])
    if path.times is None:
        return Trajectory(points, node.speed or 0.0, node.start or 0.0, node.heading, source=path.source or "")
    return _timed(points, tuple(path.times), tuple(path.headings or ()), node.heading, path.source or "", duration_ns)


def _read(
    readers: _Readers, name: str, node: NodeSpec, path: TrackSpec, problems: Problems, file: File
) -> _RecordedPath | None:
    here = ("nodes", name, "path", path.format)
    written = str(path.file)
    found = file_lookup.find(written, file, problems.locations.of_value(here))
    if found is None:
        problems.at_value(here, f"no file {written!r}; expected a track ({path.format})")
        return None
    try:
        track = readers.read(found, path, node)
        digest = readers.digest(found)
    except InputError as error:
        problems.at_value(here, str(error))
        return None
    if not track.times_ns and node.speed is None:
        problems.at_value(("nodes", name, "path"), f"{found.name} has no times; expected speed: 36 km/h beside path")
        return None
    for key in ("speed", "start") if track.times_ns else ():
        if getattr(node, key) is not None and (path.format, key) != ("plan", "speed"):
            problems.at_value(("nodes", name, key), f"{found.name} has times; expected no {key}")
            return None
    if path.begin is not None and not track.times_ns:
        problems.at_value(
            ("nodes", name, "path", "begin"), f"{found.name} has no times; expected start: 8 m beside path"
        )
        return None
    return _RecordedPath(path, node, track, f"{found.name} sha256:{digest}")


def _check_begin(name: str, each: _RecordedPath, clock_ns: int, problems: Problems) -> None:
    """Report a run that begins after the end of the track: its node would stand at the track's end."""
    if each.path.begin is None or each.path.begin <= (end_ns := each.track.times_ns[-1] - clock_ns):
        return
    begin, end = text(each.path.begin, "ns"), text(end_ns, "ns")
    complaint = f"{begin} is after the track's end; expected less than {end}, where {each.path.file} ends"
    problems.at_value(("nodes", name, "path", "begin"), complaint)


def _check_day(name: str, each: _RecordedPath, clock_ns: int, duration_ns: int, problems: Problems) -> None:
    """Report a log of another time: its node would stand at the log's beginning for the whole run."""
    if not each.track.times_ns or each.path.format == "sumo":
        return
    late_ns = each.track.times_ns[0] - clock_ns - (each.path.begin or 0) - duration_ns
    if late_ns > LONGEST_WAIT_NS:
        problems.at_value(
            ("nodes", name, "path"),
            f"{each.path.file} begins {timedelta(seconds=(each.track.times_ns[0] - clock_ns) // SECOND_NS)} after the earliest "
            f"{each.path.format} file of the scenario, long after the run; expected logs of one drive, or begin: of this one's",
        )


def _table(file: File, path: TrackSpec) -> tracks.Track:
    if path.x is not None and path.y is not None:
        columns = waypoint_table.Columns(path.x, path.y, False, path.z, path.time, path.heading, path.time_format)
    else:
        columns = waypoint_table.Columns(
            path.latitude or "", path.longitude or "", True, path.altitude, path.time, path.heading, path.time_format
        )
    return waypoint_table.read(file, columns)


def _origin(document: ScenarioSpec, found: list[_RecordedPath]) -> tracks.Origin | None:
    """Return the origin in the file, completed from the first geographic path."""
    given = document.origin
    first = next((each.track.home or each.track.places[0] for each in found if each.track.geographic), None)
    if given is not None and len(given) == 3:
        return given
    if given is None and first is None:
        return None
    ground_m = (first[2] if first else None) or 0.0
    latitude, longitude = given or (first or (0.0, 0.0))[:2]
    return latitude, longitude, ground_m


def _trajectory(each: _RecordedPath, origin: tracks.Origin | None, clock_ns: int, duration_ns: int) -> Trajectory:
    points = tracks.to_metres(each.track, origin)
    node = each.node
    if not each.track.times_ns:
        kept = (*points[:1], *(after for before, after in pairwise(points) if before != after))
        if len(kept) < 2:
            raise InputError(f"{each.path.file} has one place; expected a path of two, or position")
        return Trajectory(kept, node.speed or 0.0, node.start or 0.0, node.heading, source=each.source)
    begin_ns = clock_ns + (each.path.begin or 0)
    times_ns = tuple(time_ns - begin_ns for time_ns in each.track.times_ns)
    return _timed(points, times_ns, each.track.headings_deg, node.heading, each.source, duration_ns)


def _timed(
    points: Points,
    times_ns: tuple[int, ...],
    headings_deg: tuple[float, ...],
    heading_deg: float | None,
    source: str,
    duration_ns: int,
) -> Trajectory:
    """Return the waypoints of a track during the run, and the waypoints that define the heading while the node stands."""
    begin = max((k for k, time_ns in enumerate(times_ns) if time_ns <= 0), default=0)
    end = next((k for k, time_ns in enumerate(times_ns) if time_ns >= duration_ns), len(times_ns) - 1)
    if end == begin:
        # The node stands during the whole run, at the start or the end of its track.
        begin, end = max(begin - 1, 0), min(end + 1, len(times_ns) - 1)
    moving = timed_trajectory.moving_segment(points, begin)
    if moving is not None and not headings_deg and heading_deg is None:
        begin, end = min(begin, moving), max(end, moving + 1)
    kept = slice(begin, end + 1)
    if end == begin:
        looks = headings_deg[begin] if headings_deg and heading_deg is None else heading_deg
        return Trajectory(points[kept], heading_deg=looks, source=source)
    return Trajectory(points[kept], 0.0, 0.0, heading_deg, times_ns[kept], headings_deg[kept], source)
