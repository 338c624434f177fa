"""Positions, headings and camera poses: pure arithmetic on trajectories, cheap enough to call at every event."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from simnet.records import SECOND_NS
from simnet.tracks import timed_trajectory

if TYPE_CHECKING:
    from simnet.records import CameraConfig, Trajectory

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Pose:
    """A camera's position (metres) and direction: `yaw_deg` counter-clockwise from east, `pitch_deg` above the horizon."""

    position_m: Point
    yaw_deg: float
    pitch_deg: float


def position(trajectory: Trajectory, t_ns: int) -> Point:
    """Return (x, y, z) in metres at virtual time `t_ns`."""
    points = trajectory.waypoints_m
    if len(points) == 1:
        return points[0]
    if trajectory.times_ns:
        return timed_trajectory.position(trajectory, t_ns)
    a, b, along = _segment(trajectory, t_ns)
    length = math.dist(a, b)
    share = along / length if length else 0.0
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2]))


def heading_deg(trajectory: Trajectory, t_ns: int) -> float:
    """Return the heading in degrees at virtual time `t_ns`: the trajectory's fixed heading, else along its path.

    A vertical path has no heading; the result is 0.
    """
    if trajectory.heading_deg is not None:
        return trajectory.heading_deg
    if len(trajectory.waypoints_m) == 1:
        return 0.0
    if trajectory.times_ns:
        return timed_trajectory.heading_deg(trajectory, t_ns)
    a, b, _ = _segment(trajectory, t_ns)
    return math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))


def distance_m(a: Trajectory, b: Trajectory, t_ns: int) -> float:
    """Return the distance in metres between two trajectories at virtual time `t_ns`."""
    return math.dist(position(a, t_ns), position(b, t_ns))


def camera_pose(camera: CameraConfig, t_ns: int) -> Pose:
    """Return a camera's pose: the node's position plus the mount (forward, left, up) rotated by the node's heading."""
    x, y, z = position(camera.trajectory, t_ns)
    heading = heading_deg(camera.trajectory, t_ns)
    cos, sin = math.cos(math.radians(heading)), math.sin(math.radians(heading))
    forward, left, up = camera.mount_m
    place = (x + forward * cos - left * sin, y + forward * sin + left * cos, z + up)
    return Pose(place, heading + camera.yaw_deg, camera.pitch_deg)


def axes(pose: Pose) -> tuple[Point, Point, Point]:
    """Return a camera's axes in the world: to the right, down, forward."""
    yaw, pitch = math.radians(pose.yaw_deg), math.radians(pose.pitch_deg)
    forward = (math.cos(pitch) * math.cos(yaw), math.cos(pitch) * math.sin(yaw), math.sin(pitch))
    right = (math.sin(yaw), -math.cos(yaw), 0.0)
    down = (math.sin(pitch) * math.cos(yaw), math.sin(pitch) * math.sin(yaw), -math.cos(pitch))
    return right, down, forward


def moves(trajectory: Trajectory) -> bool:
    """Return whether a trajectory moves, that is, is not a fixed position."""
    return len(trajectory.waypoints_m) > 1 and (trajectory.speed_mps != 0.0 or bool(trajectory.times_ns))


def _segment(trajectory: Trajectory, t_ns: int) -> tuple[Point, Point, float]:
    """Return the segment's ends and the distance along it in metres (negative before its start, beyond its length at the end)."""
    along = trajectory.offset_m + trajectory.speed_mps * (t_ns / SECOND_NS)
    points = trajectory.waypoints_m
    for a, b in pairwise(points[:-1]):
        length = math.dist(a, b)
        if along < length:
            return a, b, along
        along -= length
    return points[-2], points[-1], along
