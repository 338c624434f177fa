"""Transforms of nodes and cameras between coordinate frames: x forward, y left, z up; the world's x is east."""

from __future__ import annotations

from math import cos, radians, sin
from typing import TYPE_CHECKING, Any

from simnet.tracks import poses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simnet.records import Scenario

STEP_NS = 100_000_000
"""Time between two transforms of a node."""
WORLD = "world"


def transforms(scenario: Scenario, t_ns: int) -> Iterator[dict[str, Any]]:
    """Yield the transform of each node in the world and of each camera on its node, as fields of Foxglove's FrameTransform."""
    for node in scenario.nodes:
        heading_deg = poses.heading_deg(node.trajectory, t_ns)
        yield _transform(WORLD, node.name, poses.position(node.trajectory, t_ns), heading_deg, 0.0)
        for camera in node.cameras:
            yield _transform(node.name, camera.name, camera.mount_m, camera.yaw_deg, camera.pitch_deg)


def _transform(
    parent: str, child: str, place_m: tuple[float, float, float], yaw_deg: float, pitch_deg: float
) -> dict[str, Any]:
    """Return a transform: rotation by yaw around z, then by pitch around y, where up is negative."""
    yaw, pitch = radians(yaw_deg) / 2, radians(-pitch_deg) / 2
    rotation = (-sin(yaw) * sin(pitch), cos(yaw) * sin(pitch), sin(yaw) * cos(pitch), cos(yaw) * cos(pitch))
    return {
        "parent_frame_id": parent,
        "child_frame_id": child,
        "translation": dict(zip("xyz", map(float, place_m), strict=True)),
        "rotation": dict(zip("xyzw", rotation, strict=True)),
    }
