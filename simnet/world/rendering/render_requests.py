"""Requests to a renderer: the scene to build, and a view of it to draw.

They are pickled between a run's process and its renderer, and say all that a picture depends on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.records import CameraConfig, Trajectory
    from simnet.tracks.poses import Pose


@dataclass(frozen=True, slots=True)
class SceneSetting:
    """A scene to build."""

    scene: str
    seed: int
    keep_clear: tuple[tuple[float, float], ...] = ()
    """Places (x, y) where no tree and no post stands."""
    cameras: Mapping[str, CameraConfig] = field(default_factory=dict)
    """Cameras by name; the scene shows the vehicles that carry them."""


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """A picture to draw of the scene."""

    pose: Pose
    t_s: float
    field_of_view_deg: float
    """The horizontal one."""
    width: int
    height: int
    carrier: Trajectory | None = None
    """The vehicle that carries the camera, which does not see it."""

    @property
    def size_bytes(self) -> int:
        """The size of the picture: one byte for each of three colours."""
        return self.width * self.height * 3


@dataclass(frozen=True, slots=True)
class TruthRequest:
    """What the scene knows of a view: its depth and its objects."""

    view: ViewRequest
