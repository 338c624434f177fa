"""Offsets of a fleet's members: position, start and time on a path, heading, and the cameras' phase.

What is no value of its kind is left as it is: the checks that follow report it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnet import units
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from simnet.scenario.schema.fleet_schema import OffsetSpec


def moved(node: dict[str, Any], offset: OffsetSpec, index: int) -> dict[str, Any]:
    """Return the node of a fleet's member `index`, from 0.

    Raises:
        ValueError: The node has nothing that the offset could change.
    """
    path = node.get("path")
    if offset.position is not None:
        _shift(node, path, [index * metres for metres in offset.position])
    if offset.start is not None:
        _need(path, "start", "a path")
        _add(node, "start", index * offset.start, "m")
    if offset.time is not None:
        _need(path, "time", "a path")
        _delay(node, path, index * offset.time)
    if offset.heading is not None:
        _turn(node, path, index * offset.heading)
    if offset.phase is not None:
        cameras = node.get("cameras")
        _need(cameras, "phase", "cameras")
        for camera in cameras.values() if isinstance(cameras, dict) else ():
            if isinstance(camera, dict):
                _add(camera, "phase", index * offset.phase, "ns")
    return node


def _need(found: object, key: str, what: str) -> None:
    if not found:
        raise ValueError(f"{key} of a node without {what}; expected {what}, or other offsets")


def _add(mapping: dict[str, Any], key: str, more: float, unit: str) -> None:
    """Add to a quantity, which is 0 if it is left out."""
    try:
        value = units.parse(mapping.get(key, 0), unit) + more
    except units.UnitError:
        return
    mapping[key] = f"{round(value)} ns" if unit == "ns" else f"{value!r} {unit}"


def _shift(node: dict[str, Any], path: Any, by_m: list[float]) -> None:
    if "position" in node:
        node["position"] = _sum(node["position"], by_m)
    elif isinstance(path, list):
        node["path"] = [_sum(point, by_m) for point in path]
    elif isinstance(path, dict) and isinstance(path.get("points"), list):
        path["points"] = [_sum(point, by_m) for point in path["points"]]
    else:
        raise ValueError("position of a node without a position or written waypoints; expected start, or time")


def _sum(point: Any, by_m: list[float]) -> Any:
    if not isinstance(point, list) or not all(
        type(each) is not bool and isinstance(each, int | float) for each in point
    ):
        return point
    padded = [*point, *[0.0] * (len(by_m) - len(point))]
    return [each + (by_m[axis] if axis < len(by_m) else 0.0) for axis, each in enumerate(padded)]


def _delay(node: dict[str, Any], path: Any, by_ns: int) -> None:
    """Put a node where it would have been `by_ns` earlier."""
    if isinstance(path, dict) and isinstance(path.get("times"), list):
        times: list[Any] = []
        for each in path["times"]:
            try:
                times.append(f"{round(units.parse(each, 'ns')) + by_ns} ns")
            except units.UnitError:
                times.append(each)
        path["times"] = times
    elif node.get("speed") is not None and not (isinstance(path, dict) and "plan" in path):
        try:
            speed_mps = units.parse(node["speed"], "m/s")
        except units.UnitError:
            return
        _add(node, "start", -speed_mps * by_ns / SECOND_NS, "m")
    elif isinstance(path, dict):
        _add(path, "begin", -by_ns, "ns")


def _turn(node: dict[str, Any], path: Any, by_deg: float) -> None:
    """Turn a node with a heading of its own."""
    if path and "heading" not in node:
        raise ValueError(
            "heading of nodes that look where they go; expected heading: 0 deg beside it, or other offsets"
        )
    try:
        heading_deg = units.parse(node.get("heading", 0), "deg") + by_deg
    except units.UnitError:
        return
    node["heading"] = f"{(heading_deg + 180) % 360 - 180!r} deg"
