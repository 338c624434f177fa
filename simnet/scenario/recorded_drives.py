"""Nodes that a world's files bring along: they go into the tree of a scenario, below what its author writes.

    world: {kind: rosbag, path: drive.mcap} ──drives──▶ nodes ──merge──▶ tree

A node that the file of the scenario has too takes what is written there, key by key: another place replaces the recorded one,
and cameras of a name are merged. Overrides of the world come before, all others after.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet import drives
from simnet.errors import InputError, ScenarioError
from simnet.notices import tell
from simnet.scenario.document import show
from simnet.scenario.resolve import file_lookup
from simnet.scenario.schema.path_schema import PLACES
from simnet.scenario.schema.scenario_schema import CameraSpec

if TYPE_CHECKING:
    from simnet.scenario.document import SourceLocations

WORLD = ("world",)


def add_nodes(tree: dict[str, Any], locations: SourceLocations, file: Path) -> None:
    """Add the nodes of the world's recording to `tree`, if its kind is one that has any and its files are found.

    Raises:
        ScenarioError: The recording cannot be read.
    """
    world = tree.get("world")
    if not isinstance(world, dict) or world.get("kind") not in drives.KINDS or not isinstance(world.get("path"), str):
        return
    written = tree.get("nodes", {})
    location = locations.of_value((*WORLD, "path"))
    path = file_lookup.find(world["path"], file, location, exists=Path.exists)
    if path is None or not isinstance(written, dict):
        return  # which the checks that follow report
    try:
        drive = drives.describe(world["kind"], path, _text(world.get("sequence")), _origin(tree.get("origin")))
    except InputError as error:
        raise ScenarioError(f"{location.text}: {show((*WORLD, 'path'))}: {error}") from error
    found = drives.tree(drive)
    for name in found:
        locations.keys.setdefault(("nodes", name), location)
    tree["nodes"] = {
        name: _merged(found.get(name, {}), written.get(name)) for name in [*found, *_others(written, found)]
    }
    _tell_unknown_views(path, tree["nodes"], found)
    if drive.origin is not None:
        tree["origin"] = list(drive.origin)


def _tell_unknown_views(path: Path, nodes: dict[str, Any], found: dict[str, Any]) -> None:
    """Tell which recorded cameras get the usual field of view, because neither their files nor the scenario have one."""
    for name in found:
        cameras = nodes[name].get("cameras") if isinstance(nodes[name], dict) else None
        for camera, settings in cameras.items() if isinstance(cameras, dict) else ():
            if isinstance(settings, dict) and "field_of_view" not in settings:
                usual = CameraSpec.model_fields["field_of_view"].default
                tell(f"{path}: no calibration of {name}/{camera}; a field of view of {usual:g} degrees is assumed")


def _others(written: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [name for name in written if name not in found]


def _merged(found: dict[str, Any], written: Any) -> Any:
    """Return a node of a recording with what is written of it; what is no mapping is left to the checks."""
    if written is None or not found:
        return written if written is not None else found
    if not isinstance(written, dict):
        return written
    kept = found if not PLACES & written.keys() else {key: found[key] for key in found.keys() - PLACES - {"heading"}}
    merged = kept | written
    cameras = written.get("cameras")
    if isinstance(cameras, dict) and isinstance(found.get("cameras"), dict):
        own = found["cameras"]
        merged["cameras"] = {
            name: own.get(name, {}) | cameras[name]
            if isinstance(cameras.get(name), dict)
            else cameras.get(name, own.get(name))
            for name in [*own, *_others(cameras, own)]
        }
    return merged


def _text(value: object) -> str | None:
    return None if value is None else str(getattr(value, "written", value))


def _origin(value: object) -> tuple[float, ...] | None:
    """Return an origin that is written as one; the checks report another."""
    if not isinstance(value, list) or len(value) not in {2, 3}:
        return None
    return tuple(float(each) for each in value) if all(isinstance(each, int | float) for each in value) else None
