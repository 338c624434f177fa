"""The tree of coordinate frames of a drive: which frames are fixed to each other, and where a body is over time.

map ──moves──▶ odom ──moves──▶ base_link ──fixed──▶ camera_link ──fixed──▶ camera_optical_frame
                               the body                                     a camera's frame
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simnet.drives.attitude import IDENTITY, RigidTransform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simnet.drives.message_records import FramePose

WORLDS = frozenset(("world", "map", "odom", "earth", "utm", "enu", "local", "local_origin", "global", "origin"))
"""Last parts of names of frames that nothing carries."""
STILL_M, STILL = 1e-4, 1e-5
"""Changes of place and of a rotation's elements below which a frame is fixed to its parent."""
DENSEST_NS = 10_000_000
"""Of poses that follow each other faster, some are left out."""
MOST_POSES = 100_000
"""Of more poses of a frame, every second is left out."""
DEEPEST = 64


@dataclass(slots=True)
class FrameEdge:
    """A frame in its parent over time; `is_static` if it was sent as one that never changes."""

    parent: str
    is_static: bool
    times_ns: list[int] = field(default_factory=list)
    poses: list[RigidTransform] = field(default_factory=list)
    is_fixed: bool = False
    """Whether the frame does not move in its parent."""
    densest_ns: int = DENSEST_NS

    def add(self, t_ns: int, pose: RigidTransform) -> None:
        """Add a pose, unless it follows the last one too closely."""
        if self.times_ns and 0 <= t_ns - self.times_ns[-1] < self.densest_ns:
            return
        self.times_ns.append(t_ns)
        self.poses.append(pose)
        if len(self.poses) > MOST_POSES:
            self.times_ns, self.poses = self.times_ns[::2], self.poses[::2]
            self.densest_ns *= 2

    def finish(self) -> None:
        """Bring the poses into the order of time, and see whether they change."""
        order = sorted(range(len(self.times_ns)), key=self.times_ns.__getitem__)
        self.times_ns = [self.times_ns[k] for k in order]
        self.poses = [self.poses[k] for k in order]
        first = self.poses[0]
        self.is_fixed = self.is_static or all(
            np.abs(pose.translation - first.translation).max() < STILL_M
            and np.abs(pose.rotation - first.rotation).max() < STILL
            for pose in self.poses
        )

    def at(self, t_ns: int) -> RigidTransform:
        """Return the pose at a time: between two in proportion, before the first and after the last as they are."""
        after = int(np.searchsorted(self.times_ns, t_ns, side="right"))
        if after in {0, len(self.poses)}:
            return self.poses[min(after, len(self.poses) - 1)]
        begin_ns, end_ns = self.times_ns[after - 1], self.times_ns[after]
        a, b = self.poses[after - 1], self.poses[after]
        share = (t_ns - begin_ns) / (end_ns - begin_ns)
        return RigidTransform(
            _between(a.rotation, b.rotation, share), a.translation + share * (b.translation - a.translation)
        )


class FrameTree:
    """Frames by name, each with the edge to its parent."""

    def __init__(self) -> None:
        self.edges: dict[str, FrameEdge] = {}

    def add(self, poses: Iterable[FramePose], *, is_static: bool = False) -> None:
        """Add poses; what has been sent as fixed stays so, and a frame keeps its first parent."""
        for each in poses:
            if not each.child or each.child == each.parent:
                continue
            edge = self.edges.setdefault(each.child, FrameEdge(each.parent, is_static))
            if edge.parent != each.parent or (edge.is_static and edge.poses):
                continue
            edge.add(each.stamp_ns, each.pose)

    def replace_by(self, ending: str) -> None:
        """Let frames whose names end so stand for those without the ending."""
        for child in [name for name in self.edges if name.endswith(ending)]:
            self.edges[child.removesuffix(ending)] = self.edges.pop(child)

    def finish(self, otherwise: FrameTree | None = None) -> None:
        """Sort what has been added, and take what is missing from another tree; before that nothing may be asked."""
        for child, edge in (otherwise.edges if otherwise else {}).items():
            self.edges.setdefault(child, edge)
        for edge in self.edges.values():
            edge.finish()

    def body_of(self, frame: str) -> tuple[str, RigidTransform]:
        """Return the outermost frame that a frame is fixed to, and its pose there. Worlds are no bodies."""
        body, pose = frame, IDENTITY
        for _ in range(DEEPEST):
            edge = self.edges.get(body)
            if edge is None or is_world(edge.parent) or not edge.is_fixed:
                break
            body, pose = edge.parent, pose.after(edge.poses[0])
        return body, pose

    def path_of(self, body: str) -> tuple[list[int], list[RigidTransform]]:
        """Return a body's poses in the outermost frame above it, with their times; no times if it does not move there."""
        chain: list[FrameEdge] = []
        frame = body
        while (edge := self.edges.get(frame)) is not None and len(chain) < DEEPEST:
            chain.append(edge)
            frame = edge.parent
        moving = [edge for edge in chain if not edge.is_fixed]
        # The fastest edge gives the times; what corrects it now and then is interpolated.
        times_ns = max((edge.times_ns for edge in moving), key=len, default=[])
        return list(times_ns), [_composed(chain, t_ns) for t_ns in (times_ns or [0])] if chain else []


def is_world(frame: str) -> bool:
    """Return whether a frame is one that nothing carries, by its name."""
    return frame.rpartition("/")[2].lower() in WORLDS


def _composed(chain: list[FrameEdge], t_ns: int) -> RigidTransform:
    pose = IDENTITY
    for edge in chain:
        pose = pose.after(edge.poses[0] if edge.is_static else edge.at(t_ns))
    return pose


def _between(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """Return a rotation between two that are near each other."""
    u, _, v = np.linalg.svd(a + share * (b - a))
    return u @ v
