"""Poses as nodes report them: displaced, turned, and stamped by a clock that is off, as `pose_error` of a node says.

    true pose at the time that the node's clock mistakes for t ──normal draws──▶ reported pose at t

Errors of place (east and north apart) and of heading are normal and independent from report to report; the clock's is
constant. What nature decides, such as distances between radios and what cameras see, follows true poses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet import seeds
from simnet.tracks import poses

if TYPE_CHECKING:
    from simnet.records import NodeConfig
    from simnet.tracks.poses import Point


def reported(node: NodeConfig, t_ns: int, seed: int) -> tuple[Point, float]:
    """Return place and heading (degrees) that a node gives for `t_ns` on its clock."""
    error = node.pose_error
    (x, y, z), heading_deg = true_at(node, t_ns)
    if error is None:
        return (x, y, z), heading_deg
    draws = seeds.generator(seed, "pose error", node.name, str(t_ns)).standard_normal(3)
    east, north, turn = (float(draw) for draw in draws)
    place = (x + error.position_m * east, y + error.position_m * north, z)
    return place, heading_deg + error.heading_deg * turn


def true_at(node: NodeConfig, t_ns: int) -> tuple[Point, float]:
    """Return place and heading (degrees) that a node has when its clock says `t_ns`."""
    true_ns = t_ns - (node.pose_error.clock_ns if node.pose_error else 0)
    return poses.position(node.trajectory, true_ns), poses.heading_deg(node.trajectory, true_ns)
