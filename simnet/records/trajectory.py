"""A path through the world, in metres: where a node is at any time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A path through the world: `waypoints_m` are (x, y, z); motion starts `offset_m` along them, at constant speed.

    A single waypoint is a fixed position. Before the first and after the last waypoint the end segments continue straight.
    x is east, y is north, z is up; a heading of 0 degrees faces east, 90 degrees north.
    """

    waypoints_m: tuple[tuple[float, float, float], ...]
    speed_mps: float = 0.0
    offset_m: float = 0.0
    heading_deg: float | None = None
    """Fixed heading, for a path that gives none (a fixed position); None follows the path, or is 0 at a fixed position."""
    times_ns: tuple[int, ...] = ()
    """Time at each waypoint, ascending, for a recorded track; empty otherwise. With times, speed and offset are 0, and the node
    stands still before the first and after the last waypoint."""
    headings_deg: tuple[float, ...] = ()
    """Heading at each waypoint of a path with times, interpolated linearly; empty: the heading follows the motion."""
    source: str = ""
    """Path of the source file, and its SHA-256."""
