"""Nodes as a resolved scenario declares them: their cameras, errors of their poses, the loss of their processes."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records.camera_config import CameraConfig
from simnet.records.link_config import SECOND_NS
from simnet.records.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class PoseErrorConfig:
    """Errors of what a node knows of itself: standard deviations of its place and heading, and its clock's lead."""

    position_m: float = 0.0
    """Of x and of y each."""
    heading_deg: float = 0.0
    clock_ns: int = 0
    """Positive: ahead."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """A vehicle, drone or roadside unit, and the cameras it carries."""

    name: str
    trajectory: Trajectory
    cameras: tuple[CameraConfig, ...] = ()
    pose_error: PoseErrorConfig | None = None
    """Error of the poses that it reports; None: they are true."""


@dataclass(frozen=True, slots=True)
class NodeLossConfig:
    """Reaction to a lost node process that does not return within `wait_ns` of wall time. `action`: error or fault."""

    action: str = "error"
    wait_ns: int = 30 * SECOND_NS
