"""Positions of nodes, for the map and for the lengths of links."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from simnet.records import SECOND_NS, LinkConfig, NodeConfig, Scenario, Trajectory
from simnet.tracks import timed_trajectory

Point = tuple[float, float, float]


def position_m(trajectory: Trajectory, t_ns: int) -> Point:
    """Return the position in metres at time `t_ns`; `records.Trajectory` defines it before and past the waypoints."""
    if trajectory.times_ns:
        return timed_trajectory.position(trajectory, t_ns)
    return _at(trajectory.waypoints_m, trajectory.offset_m + trajectory.speed_mps * t_ns / SECOND_NS)


def path_m(trajectory: Trajectory, duration_ns: int) -> list[Point]:
    """Return the path during the run: start, passed waypoints, end."""
    points = trajectory.waypoints_m
    if times_ns := trajectory.times_ns:
        inside = [point for point, time_ns in zip(points, times_ns, strict=True) if 0 < time_ns < duration_ns]
        return [timed_trajectory.position(trajectory, 0), *inside, timed_trajectory.position(trajectory, duration_ns)]
    start = trajectory.offset_m
    end = start + trajectory.speed_mps * duration_ns / SECOND_NS
    passed = [point for point, along in zip(points, _along(points), strict=True) if start < along < end]
    return [_at(points, start), *passed, _at(points, end)]


def heading_deg(trajectory: Trajectory) -> float:
    """Return a node's heading at the start of the run: 0 is east, 90 is north."""
    if trajectory.heading_deg is not None:
        return trajectory.heading_deg
    if trajectory.times_ns:
        return timed_trajectory.heading_deg(trajectory, 0)
    here, ahead = (_at(trajectory.waypoints_m, trajectory.offset_m + step) for step in (0.0, 1e-3))
    return math.degrees(math.atan2(ahead[1] - here[1], ahead[0] - here[0]))


def capacity_bps(link: LinkConfig, nodes: Sequence[NodeConfig], t_ns: int) -> float:
    """Return the link's capacity at `t_ns`: its bandwidth, or the step of its ladder at the nodes' distance."""
    if not link.ladder:
        return link.bandwidth_bps
    places = {node.name: position_m(node.trajectory, t_ns) for node in nodes}
    distance_m = math.dist(places[link.source], places[link.target])
    return next((bps for up_to_m, bps in link.ladder if distance_m <= up_to_m), 0.0)


def extent_m(scenario: Scenario) -> float:
    """Return the longer side of the area that the nodes cover, at least 10 m."""
    points = [point for node in scenario.nodes for point in path_m(node.trajectory, scenario.duration_ns)]
    sides = [max(values) - min(values) for values in list(zip(*points, strict=True))[:2]]
    return max(10.0, *sides) if points else 10.0


def _along(points: Sequence[Point]) -> list[float]:
    lengths = [0.0]
    for before, after in itertools.pairwise(points):
        lengths.append(lengths[-1] + math.dist(before, after))
    return lengths


def _at(points: Sequence[Point], along_m: float) -> Point:
    if len(points) == 1:
        return points[0]
    lengths = _along(points)
    index = next((i for i in range(1, len(points) - 1) if along_m < lengths[i]), len(points) - 1)
    a, b = points[index - 1], points[index]
    share = (along_m - lengths[index - 1]) / max(lengths[index] - lengths[index - 1], 1e-12)
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]))
