"""Overlap of two cameras' views, computed from their poses.

Rays through the picture end at the ground, at most after `REACH_M`. A ray's end counts as seen if it projects into the other
camera's picture. Occlusion is ignored: a wall in between changes nothing.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from simnet.records import CameraConfig, Scenario
from simnet.tracks import poses
from simnet.tracks.poses import Pose

REACH_M = 40.0
ACROSS, DOWN = 16, 8
"""Number of rays through a picture, in columns and rows."""


def is_known(scenario: Scenario) -> bool:
    """Return whether the scenario has camera poses; recorded worlds have none."""
    return scenario.world.kind == "rendered"


@lru_cache(maxsize=50_000)
def share(camera: CameraConfig, at_ns: int, other: CameraConfig, other_ns: int) -> float:
    """Return the share (0 to 1) of the view of `camera` at `at_ns` that `other` saw at `other_ns`."""
    return view_share(camera, poses.camera_pose(camera, at_ns), other, poses.camera_pose(other, other_ns))


def view_share(camera: CameraConfig, pose: Pose, other: CameraConfig, other_pose: Pose) -> float:
    """Return the share of `camera`'s view from `pose` that `other` sees from `other_pose`."""
    here, axes = np.array(pose.position_m), _axes(pose)
    rays = _rays(camera.field_of_view_deg, camera.width, camera.height) @ axes
    length = np.full(len(rays), REACH_M)
    falls = rays[:, 2] < -1e-9
    if here[2] > 0:
        length[falls] = np.minimum(REACH_M, here[2] / -rays[falls, 2])
        if pose.pitch_deg < -45:
            # Ground that is farther than `REACH_M` still counts for a camera high above it.
            length[falls] = here[2] / -rays[falls, 2]
    seen = (here + rays * length[:, None] - np.array(other_pose.position_m)) @ _axes(other_pose).T
    ahead = seen[:, 0] > 1e-6
    half = math.tan(math.radians(min(other.field_of_view_deg, 179.0) / 2))
    wide = np.abs(seen[:, 1]) <= seen[:, 0] * half * (1 + 1e-9)
    high = np.abs(seen[:, 2]) <= seen[:, 0] * half * other.height / other.width * (1 + 1e-9)
    return float(np.mean(ahead & wide & high))


def _axes(pose: Pose) -> NDArray[np.float64]:
    """Return the unit vectors forward, left and up of a camera, as rows of (3, 3)."""
    yaw, pitch = math.radians(pose.yaw_deg), math.radians(pose.pitch_deg)
    forward = (math.cos(pitch) * math.cos(yaw), math.cos(pitch) * math.sin(yaw), math.sin(pitch))
    left = (-math.sin(yaw), math.cos(yaw), 0.0)
    up = (-math.sin(pitch) * math.cos(yaw), -math.sin(pitch) * math.sin(yaw), math.cos(pitch))
    return np.array([forward, left, up])


@cache
def _rays(field_of_view_deg: float, width: int, height: int) -> NDArray[np.float64]:
    """Return unit vectors (rays, 3) in components forward, left, up, evenly spaced over the picture."""
    half = math.tan(math.radians(min(field_of_view_deg, 179.0) / 2))
    left = half * (1 - (2 * np.arange(ACROSS) + 1) / ACROSS)
    up = half * height / width * (1 - (2 * np.arange(DOWN) + 1) / DOWN)
    grid = np.stack(np.meshgrid(left, up), axis=-1).reshape(-1, 2)
    rays = np.concatenate([np.ones((len(grid), 1)), grid], axis=1)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)
