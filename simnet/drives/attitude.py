"""Rotations of recorded poses, and what they mean for nodes and cameras: headings, and angles on a mount.

Axes are those of ROS (REP 103): bodies have x forward, y left, z up; a camera's optical frame has x right, y down, z forward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

UPRIGHT_DEG = 60.0
"""A camera of whose frame nothing is known looks hardly ever higher than this."""
_VERTICAL = 0.999


@dataclass(frozen=True, slots=True)
class RigidTransform:
    """A pose in another frame: rotation (3 x 3) and translation (3, metres)."""

    rotation: Matrix
    translation: Matrix

    def after(self, outer: RigidTransform) -> RigidTransform:
        """Return this pose in the frame that `outer`'s is in."""
        return RigidTransform(outer.rotation @ self.rotation, outer.rotation @ self.translation + outer.translation)

    def inverse(self) -> RigidTransform:
        """Return the pose of the outer frame in this one."""
        return RigidTransform(self.rotation.T, -self.rotation.T @ self.translation)


IDENTITY = RigidTransform(np.eye(3), np.zeros(3))


def of_quaternion(x: float, y: float, z: float, w: float) -> Matrix:
    """Return the rotation of a quaternion of any length; of none that is zero, which stands for no rotation."""
    norm = math.sqrt(x * x + y * y + z * z + w * w)
    if not norm or not math.isfinite(norm):
        return np.eye(3)
    x, y, z, w = x / norm, y / norm, z / norm, w / norm
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def heading_deg(rotation: Matrix) -> float:
    """Return where a body's nose points, counter-clockwise from x."""
    return math.degrees(math.atan2(rotation[1, 0], rotation[0, 0]))


def optical_angles_deg(rotation: Matrix) -> tuple[float, float]:
    """Return yaw and pitch of a camera from its optical frame's rotation on the body."""
    ahead, up = rotation[:, 2], -rotation[:, 1]
    if abs(ahead[2]) > _VERTICAL:
        # straight down, what is above in the picture lies ahead
        side = up if ahead[2] < 0 else -up
        return math.degrees(math.atan2(side[1], side[0])), math.copysign(90.0, ahead[2])
    return math.degrees(math.atan2(ahead[1], ahead[0])), _degrees_up(ahead)


def body_angles_deg(rotation: Matrix) -> tuple[float, float]:
    """Return yaw and pitch of a camera from the rotation of a frame whose x axis looks ahead."""
    return math.degrees(math.atan2(rotation[1, 0], rotation[0, 0])), _degrees_up(rotation[:, 0])


def camera_angles_deg(frame: str, rotation: Matrix) -> tuple[float, float]:
    """Return yaw and pitch of a camera on its body.

    Messages should name an optical frame. Some name the camera's housing, whose z axis is up: no camera looks there.
    """
    yaw_deg, pitch_deg = optical_angles_deg(rotation)
    if pitch_deg > UPRIGHT_DEG and "optical" not in frame:
        return body_angles_deg(rotation)
    return yaw_deg, pitch_deg


def horizontal_view_deg(width: float, focal_px: float, model: str = "") -> float | None:
    """Return the horizontal field of view of a camera; None if it is not calibrated."""
    if not focal_px > 0 or not width > 0 or not math.isfinite(focal_px):
        return None
    half = width / (2 * focal_px)
    # fisheye lenses: the angle itself grows with the distance from the centre
    angle = half if model in {"equidistant", "fisheye", "kannala_brandt", "kannala_brandt4"} else math.atan(half)
    return min(max(2 * math.degrees(angle), 1.0), 179.0)


def _degrees_up(ahead: Matrix) -> float:
    return math.degrees(math.asin(min(max(float(ahead[2]), -1.0), 1.0)))
