"""Resolver of nodes and their cameras: positions, paths and leaders."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from simnet.records import SECOND_NS, CameraConfig, NodeConfig, PoseErrorConfig, Trajectory
from simnet.scenario.resolve.camera_mounts import MountPlace, place_of
from simnet.scenario.schema.path_schema import TrackSpec
from simnet.suggestions import near

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.scenario_schema import CameraSpec, NodeSpec, ScenarioSpec

_AT_NODE = MountPlace((0.0, 0.0, 0.0))


def resolve(document: ScenarioSpec, recorded: Mapping[str, Trajectory], problems: Problems) -> tuple[NodeConfig, ...]:
    """Return the nodes in the order of the file; `recorded` are the paths from files, faults are added to `problems`."""
    ways = dict(recorded)
    cameras: dict[str, dict[str, CameraSpec]] = {}
    for name in document.nodes:
        chain = _chain(document, name, problems)
        if not chain:
            continue
        # Leaders come before followers.
        for member in reversed(chain):
            if member not in cameras:
                _place(document, member, ways, cameras, problems)
    return tuple(_node(document, name, ways[name], cameras[name]) for name in document.nodes if name in ways)


def _node(document: ScenarioSpec, name: str, way: Trajectory, cameras: Mapping[str, CameraSpec]) -> NodeConfig:
    written = document.nodes[name].pose_error
    error = None if written is None else PoseErrorConfig(written.position, written.heading, written.clock)
    clock_ns = error.clock_ns if error else 0
    body = _body(document, name)
    own = tuple(_camera(name, key, camera, way, body, clock_ns) for key, camera in cameras.items())
    return NodeConfig(name, way, own, error)


def unknown(document: ScenarioSpec, problems: Problems, path: Path, name: str) -> None:
    """Report that the value at `path` names no node."""
    known = list(document.nodes)
    problems.at_value(path, f"no node {name!r}{near(name, known)}; expected one of: {', '.join(known)}")


def _chain(document: ScenarioSpec, name: str, problems: Problems) -> list[str]:
    """Return `name`, the node it follows, and so on; empty if the chain has a fault."""
    chain = [name]
    while (ahead := document.nodes[chain[-1]].follows) is not None:
        path = ("nodes", chain[-1], "follows")
        if ahead not in document.nodes:
            if len(chain) == 1:
                unknown(document, problems, path, ahead)
            return []
        if ahead in chain:
            if ahead == name:
                problems.at_value(
                    path, f"nodes follow each other: {' -> '.join([*chain, ahead])}; expected a leader on a path"
                )
            return []
        chain.append(ahead)
    return chain


def _place(
    document: ScenarioSpec,
    name: str,
    ways: dict[str, Trajectory],
    cameras: dict[str, dict[str, CameraSpec]],
    problems: Problems,
) -> None:
    node = document.nodes[name]
    own = node.cameras
    if node.follows is None:
        cameras[name] = own or {}
        if not isinstance(node.path, TrackSpec):
            ways[name] = _own_way(node)
            _check_path(name, node.path or [], problems)
        return
    ahead = ways[node.follows]
    if len(ahead.waypoints_m) == 1:
        text = f"{node.follows!r} stands still; expected a node on a path"
        problems.at_value(("nodes", name, "follows"), text)
    elif ahead.times_ns:
        text = f"{node.follows!r} goes by the times of its path; expected a node that goes at a speed"
        problems.at_value(("nodes", name, "follows"), text)
    heading = ahead.heading_deg if node.heading is None else node.heading
    offset = ahead.offset_m - (node.gap or 0.0)
    ways[name] = Trajectory(ahead.waypoints_m, ahead.speed_mps, offset, heading)
    cameras[name] = cameras[node.follows] if own is None else own


def _own_way(node: NodeSpec) -> Trajectory:
    path = [] if isinstance(node.path, TrackSpec) else node.path
    return Trajectory(
        points_m(path or ([node.position] if node.position else [])), node.speed or 0.0, node.start or 0.0, node.heading
    )


def points_m(written: Sequence[Sequence[float]]) -> tuple[tuple[float, float, float], ...]:
    """Return points with heights; the default is 0."""
    return tuple((float(x), float(y), float(height[0]) if height else 0.0) for x, y, *height in written)


def _check_path(name: str, path: Sequence[Sequence[float]], problems: Problems) -> None:
    for index, (a, b) in enumerate(pairwise(path)):
        if a == b:
            text = f"the waypoint before it is {list(a)} too; expected another place"
            problems.at_value(("nodes", name, "path", index + 1), text)


def _body(document: ScenarioSpec, name: str) -> str | None:
    """Return the body of a node, or of the nearest node ahead that has one."""
    node = document.nodes[name]
    while node.body is None and node.follows is not None:
        node = document.nodes[node.follows]
    return node.body


def _camera(node: str, key: str, camera: CameraSpec, way: Trajectory, body: str | None, clock_ns: int) -> CameraConfig:
    width, height = camera.size
    place = _AT_NODE if body is None else place_of(body, key)
    forward, left, up = camera.mount or place.mount_m
    return CameraConfig(
        name=f"{node}/{key}",
        width=width,
        height=height,
        period_ns=round(SECOND_NS / camera.rate),
        field_of_view_deg=camera.field_of_view,
        trajectory=way,
        phase_ns=camera.phase,
        mount_m=(float(forward), float(left), float(up)),
        yaw_deg=place.yaw_deg if camera.yaw is None else camera.yaw,
        pitch_deg=place.pitch_deg if camera.pitch is None else camera.pitch,
        source=None if isinstance(camera.source, list) else camera.source,
        listed=tuple(camera.source) if isinstance(camera.source, list) else (),
        clock_ns=clock_ns,
    )
