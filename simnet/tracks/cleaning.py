"""What loggers leave out or get wrong, mended where it can be and told: places before a fix, heights, repeated times, jumps.

points as read ──no fix──▶ ──heights──▶ ──one a time──▶ ──no jumps──▶ Track
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from simnet import clock_times
from simnet.notices import count, tell
from simnet.records import SECOND_NS
from simnet.tracks import track
from simnet.tracks.track import Place, Track

FASTEST_MPS = 1000.0
"""Faster than any vehicle of this world: mach 3."""
_NEAR_DEG = 1.0
"""A track within a degree of (0, 0) may really be there."""


@dataclass(frozen=True, slots=True)
class LoggedPoint:
    """One point as read: `where` it stands in the file, its place, and its time and heading if the file has any."""

    where: str
    place: Place
    time_ns: int | None = None
    heading_deg: float | None = None
    """Counter-clockwise from east."""


def cleaned(file: Path, points: list[LoggedPoint], *, geographic: bool, clock_ns: int | None = None) -> Track:
    """Return the track of points whose times do not descend; `clock_ns` is the file's start, if it is not the first point's.

    Raises:
        InputError: There is no point with a place, or two are farther apart than any vehicle gets in the time between.
    """
    points = _with_fix(file, points) if geographic else points
    points = _with_heights(file, points)
    if not points or points[0].time_ns is None:
        return Track(tuple(point.place for point in points), geographic)
    times_ns, kept, repeated = clock_times.merged([point.time_ns or 0 for point in points], points, _mean)
    if repeated:
        tell(f"{file}: {count(repeated, 'point')} with the time of another; the mean of each time is kept")
    headings = [point.heading_deg for point in kept if point.heading_deg is not None]
    found = Track(
        tuple(point.place for point in kept),
        geographic,
        tuple(times_ns),
        track.unwrap(headings) if len(headings) == len(kept) else (),
        clock_ns=times_ns[0] if clock_ns is None else clock_ns,
    )
    _check_jumps(found, kept)
    return found


def _with_fix(file: Path, points: list[LoggedPoint]) -> list[LoggedPoint]:
    """Leave out (0, 0), which receivers write before they know where they are, unless the track is there."""
    fixed = [point for point in points if point.place[:2] != (0.0, 0.0)]
    is_there = any(max(abs(point.place[0]), abs(point.place[1])) < _NEAR_DEG for point in fixed)
    if is_there or len(fixed) == len(points):
        return points
    lost = next(point for point in points if point.place[:2] == (0.0, 0.0))
    if not fixed:
        raise track.input_error(f"{lost.where}: every point is at (0, 0), which stands for no fix; expected a place")
    tell(f"{file}: {count(len(points) - len(fixed), 'point')} at (0, 0), which stands for no fix, left out")
    return fixed


def _with_heights(file: Path, points: list[LoggedPoint]) -> list[LoggedPoint]:
    """Give points without a height that of their neighbours, in proportion to the time or the number of points between."""
    along = [number if point.time_ns is None else point.time_ns for number, point in enumerate(points)]
    known = [number for number, point in enumerate(points) if point.place[2] is not None]
    if len(known) in {0, len(points)}:
        return points
    tell(f"{file}: {count(len(points) - len(known), 'point')} without a height, given that of their neighbours")
    full: list[LoggedPoint] = []
    for number, point in enumerate(points):
        after = bisect_left(known, number)
        a, b = known[max(after - 1, 0)], known[min(after, len(known) - 1)]
        low, high = points[a].place[2] or 0.0, points[b].place[2] or 0.0
        share = (along[number] - along[a]) / (along[b] - along[a]) if along[b] > along[a] else 0.0
        height = point.place[2] if point.place[2] is not None else low + min(max(share, 0.0), 1.0) * (high - low)
        full.append(LoggedPoint(point.where, (*point.place[:2], height), point.time_ns, point.heading_deg))
    return full


def _mean(points: list[LoggedPoint]) -> LoggedPoint:
    heights = [point.place[2] for point in points if point.place[2] is not None]
    headings = [point.heading_deg for point in points if point.heading_deg is not None]
    return LoggedPoint(
        points[0].where,
        (
            statistics.fmean(point.place[0] for point in points),
            statistics.fmean(point.place[1] for point in points),
            statistics.fmean(heights) if heights else None,
        ),
        points[0].time_ns,
        statistics.fmean(track.unwrap(headings)) if headings else None,
    )


def _check_jumps(found: Track, points: list[LoggedPoint]) -> None:
    placed = track.to_metres(found, _origin(found))
    for (before, after), (a, b), (begin_ns, end_ns) in zip(
        pairwise(points), pairwise(placed), pairwise(found.times_ns), strict=True
    ):
        seconds = (end_ns - begin_ns) / SECOND_NS
        if math.dist(a, b) > FASTEST_MPS * seconds:
            distance = f"{math.dist(a, b) / 1000:.3g} km from the point before"
            raise track.input_error(
                f"{after.where}: {distance} ({before.where.rpartition(':')[2].strip()}) in {seconds:g} s; "
                f"expected at most {FASTEST_MPS:g} m/s (a fault of the receiver? remove the point)"
            )


def _origin(found: Track) -> track.Origin | None:
    if not found.geographic:
        return None
    latitude, longitude, height_m = found.places[0]
    return latitude, longitude, height_m or 0.0
