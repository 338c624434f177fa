"""Transforms of nodes and cameras between coordinate frames: x forward, y left, z up; the world's x is east."""

from __future__ import annotations

from math import cos, radians, sin, tan
from typing import TYPE_CHECKING, Any

from simnet.tracks import reported_poses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simnet.records import CameraConfig, Scenario

STEP_NS = 100_000_000
"""Time between two transforms of a node."""
WORLD = "world"
OPTICAL = "/optical"
"""What is appended to a camera's name for the frame of its pictures: x right, y down, z forward."""
TRUE = "/true"
"""What is appended to a node's name for the frame of its true pose."""
_LOOKING = (-0.5, 0.5, -0.5, 0.5)
"""Rotation of such a frame in one with x forward, y left, z up."""


def transforms(scenario: Scenario, t_ns: int) -> Iterator[dict[str, Any]]:
    """Yield transforms as Foxglove's have them: of nodes in the world, of cameras on nodes, of pictures' frames on cameras."""
    for node in scenario.nodes:
        place_m, heading_deg = reported_poses.reported(node, t_ns, scenario.seed)
        yield _transform(WORLD, node.name, place_m, heading_deg, 0.0)
        for camera in node.cameras:
            yield _transform(node.name, camera.name, camera.mount_m, camera.yaw_deg, camera.pitch_deg)
            yield _fields(camera.name, camera.name + OPTICAL, (0.0, 0.0, 0.0), _LOOKING)


def true_transforms(scenario: Scenario, t_ns: int) -> Iterator[dict[str, Any]]:
    """Yield the transforms in the world of nodes that report others: where what they stamp with a time was really taken."""
    for node in scenario.nodes:
        if node.pose_error is not None:
            place_m, heading_deg = reported_poses.true_at(node, t_ns)
            yield _transform(WORLD, node.name + TRUE, place_m, heading_deg, 0.0)


def calibration(camera: CameraConfig) -> dict[str, Any]:
    """Return a camera without distortion, as fields of Foxglove's CameraCalibration."""
    focal_px = camera.width / (2 * tan(radians(camera.field_of_view_deg) / 2))
    x, y = camera.width / 2, camera.height / 2
    return {
        "frame_id": camera.name + OPTICAL,
        "width": camera.width,
        "height": camera.height,
        "distortion_model": "",
        "D": [],
        "K": [focal_px, 0.0, x, 0.0, focal_px, y, 0.0, 0.0, 1.0],
        "R": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        "P": [focal_px, 0.0, x, 0.0, 0.0, focal_px, y, 0.0, 0.0, 0.0, 1.0, 0.0],
    }


def _transform(
    parent: str, child: str, place_m: tuple[float, float, float], yaw_deg: float, pitch_deg: float
) -> dict[str, Any]:
    """Return a transform: rotation by yaw around z, then by pitch around y, where up is negative."""
    yaw, pitch = radians(yaw_deg) / 2, radians(-pitch_deg) / 2
    rotation = (-sin(yaw) * sin(pitch), cos(yaw) * sin(pitch), sin(yaw) * cos(pitch), cos(yaw) * cos(pitch))
    return _fields(parent, child, place_m, rotation)


def _fields(
    parent: str, child: str, place_m: tuple[float, float, float], rotation: tuple[float, float, float, float]
) -> dict[str, Any]:
    return {
        "parent_frame_id": parent,
        "child_frame_id": child,
        "translation": dict(zip("xyz", map(float, place_m), strict=True)),
        "rotation": dict(zip("xyzw", rotation, strict=True)),
    }
