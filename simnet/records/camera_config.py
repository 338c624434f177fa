"""A camera as a resolved scenario declares it."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera: `name` is `node/camera`; frames are captured at phase_ns + k * period_ns."""

    name: str
    width: int
    height: int
    period_ns: int
    field_of_view_deg: float
    trajectory: Trajectory
    phase_ns: int = 0
    mount_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Position on the node: forward, left, up."""
    yaw_deg: float = 0.0
    """Yaw to the left of the node's heading."""
    pitch_deg: float = 0.0
    """Pitch above the horizon; -90 points straight down."""
    source: str | None = None
    """Source in a world of recorded pictures: folder, video file, pattern of pictures, or `left` / `right`."""
    listed: tuple[str, ...] = ()
    """Instead of a source: pictures and patterns, in the order in which they are shown."""
    clock_ns: int = 0
    """How much the node's clock is ahead: a frame captured at t on that clock shows the world at t - clock_ns."""
