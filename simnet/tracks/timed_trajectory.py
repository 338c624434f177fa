"""Position and heading on a trajectory with times, as in recorded tracks."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.records import Trajectory

Point = tuple[float, float, float]

STILL_M = 1e-6
"""Minimum horizontal movement between two waypoints in metres; below it the heading stays unchanged."""


def position(trajectory: Trajectory, t_ns: int) -> Point:
    """Return (x, y, z) in metres at virtual time `t_ns`, interpolated linearly between the waypoints."""
    index, share = _segment(trajectory, t_ns)
    a, b = trajectory.waypoints_m[index : index + 2]
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]))


def heading_deg(trajectory: Trajectory, t_ns: int) -> float:
    """Return the heading in degrees at `t_ns`: the trajectory's own, else the direction of motion.

    A node that stands, climbs or sinks keeps the direction of its last motion, or takes that of its first.
    """
    if trajectory.heading_deg is not None:
        return trajectory.heading_deg
    index, share = _segment(trajectory, t_ns)
    if trajectory.headings_deg:
        a, b = trajectory.headings_deg[index : index + 2]
        return a + share * (b - a)
    moving = moving_segment(trajectory.waypoints_m, index)
    if moving is None:
        return 0.0
    a, b = trajectory.waypoints_m[moving : moving + 2]
    return math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))


def moving_segment(points: tuple[Point, ...], index: int) -> int | None:
    """Return the last segment up to `index` with horizontal motion, else the first after it, else None."""
    last = len(points) - 2
    order = [*range(min(index, last), -1, -1), *range(index + 1, last + 1)]
    return next((k for k in order if math.dist(points[k][:2], points[k + 1][:2]) > STILL_M), None)


def _segment(trajectory: Trajectory, t_ns: int) -> tuple[int, float]:
    """Return the index of the segment's first waypoint, and the completed fraction of the segment, 0 to 1."""
    times_ns = trajectory.times_ns
    index = min(max(bisect_right(times_ns, t_ns) - 1, 0), len(times_ns) - 2)
    begin_ns, end_ns = times_ns[index : index + 2]
    return index, min(max((t_ns - begin_ns) / (end_ns - begin_ns), 0.0), 1.0)
