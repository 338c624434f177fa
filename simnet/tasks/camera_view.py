"""What a task sees: a camera's decoded picture and its original, and where the camera was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simnet.tracks import poses

if TYPE_CHECKING:
    import numpy.typing as npt

    from simnet.records.view_truth import ViewTruth
    from simnet.tracks.poses import Pose


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One camera's picture at an instant: uint8, H x W x 3, RGB each, not to be written to."""

    camera: str
    decoded: npt.NDArray[np.uint8]
    """What the receiver has; for a sensor of its own, the original."""
    original: npt.NDArray[np.uint8]
    capture_ns: int = 0
    field_of_view_deg: float | None = None
    """The horizontal one; None if it is unknown."""
    pose: Pose | None = None
    """The camera's true pose; None if the world does not say it."""
    truth: ViewTruth | None = None
    """Depth and objects; None if the world does not know them, or the task does not want them."""
    sequence: int = 0
    """Number of the frame in its stream."""
    name: str = ""
    """Name of the picture's file without its ending, in an evaluation."""

    @property
    def focal_px(self) -> float | None:
        """Focal length in pixels; None if the field of view is unknown."""
        if self.field_of_view_deg is None:
            return None
        return self.decoded.shape[1] / 2 / math.tan(math.radians(self.field_of_view_deg) / 2)

    def rays(self, places_px: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return where rays through places N x 2 of the picture meet the plane at distance 1; the lens is a pinhole."""
        height, width = self.decoded.shape[:2]
        assert self.focal_px is not None, "the field of view is known"
        return (places_px.astype(np.float64) - ((width - 1) / 2, (height - 1) / 2)) / self.focal_px


def rotation(pose: Pose) -> npt.NDArray[np.float64]:
    """Return the rotation 3 x 3 from the world to a camera's axes: x right, y down, z forward."""
    return np.array(poses.axes(pose))


def motion(first: Pose, second: Pose) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return rotation and translation (metres) that take a point from the first camera's axes to the second's."""
    from_world, to_world = rotation(first), rotation(second)
    apart = np.subtract(first.position_m, second.position_m)
    return to_world @ from_world.T, to_world @ apart
