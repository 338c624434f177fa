"""World of a scenario: the checks of its folder and of the cameras' sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import drives
from simnet.records import WorldConfig
from simnet.scenario.resolve import file_lookup
from simnet.scenario.schema.world_schema import KINDS, RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.records import CameraConfig, NodeConfig
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.scenario_schema import ScenarioSpec

SIDES = ("left", "right")
_MAGIC = frozenset("*?[")


def resolve(document: ScenarioSpec, nodes: tuple[NodeConfig, ...], problems: Problems, file: Path) -> WorldConfig:
    """Return the world with its path made absolute; faults are added to `problems`."""
    world = document.world
    brought = world.kind not in KINDS
    wants_path = world.kind in RECORDED or (brought and world.path is not None)
    folder = _folder(document, problems, file) if wants_path else None
    if not wants_path and world.path is not None:
        problems.at_value(
            ("world", "path"), f"a {world.kind} world has no folder; expected kind: {', '.join(RECORDED)}"
        )
    if world.options and not brought:
        problems.at_value(("world", "options"), f"a {world.kind} world takes none; expected a world of another package")
    if world.kind in RECORDED:
        for node in nodes:
            for camera in node.cameras:
                _check_source(document, node.name, camera, folder, problems)
    return WorldConfig(
        kind=world.kind,
        scene=world.scene,
        path=None if folder is None else str(folder),
        sequence=world.sequence,
        offset_frames=world.offset,
        options_json=options_json(world.options),
    )


def options_json(options: Mapping[str, object]) -> str:
    """Return the options of a plug-in as canonical JSON; empty if there are none."""
    return json.dumps(options, sort_keys=True) if options else ""


def _folder(document: ScenarioSpec, problems: Problems, file: Path) -> Path | None:
    world = document.world
    if world.path is None:
        text = f"required key is missing for a world of {world.kind}; expected path: FOLDER, or --set world.path=FOLDER"
        problems.at_key(("world",), text, ("world", "path"))
        return None
    location = problems.locations.of_value(("world", "path"))
    is_folder = world.kind in RECORDED and world.kind not in drives.FILES
    exists = Path.is_dir if is_folder else Path.exists
    folder = file_lookup.find(world.path, file, location, exists=exists)
    if folder is None:
        what = "folder" if is_folder else "file or folder"
        problems.at_value(
            ("world", "path"), f"no {what} {world.path!r}; expected the {what} of a world of {world.kind}"
        )
    return folder


def _check_source(
    document: ScenarioSpec, node: str, camera: CameraConfig, folder: Path | None, problems: Problems
) -> None:
    path = ("nodes", node, "cameras", camera.name.partition("/")[2], "source")
    if document.world.kind in drives.KINDS:
        if not camera.source:
            problems.at_value(
                path, f"no source in a world of {document.world.kind}; expected pictures of the recording"
            )
    elif document.world.kind != "pictures":
        if camera.source not in SIDES:
            found = "no source" if camera.source is None else f"source {camera.source!r}"
            text = f"{found} in a world of {document.world.kind}; expected left or right"
            problems.at_value(path, text)
    elif not (sources := camera.listed or ((camera.source,) if camera.source else ())):
        problems.at_value(path, "no source in a world of pictures; expected the camera's folder or video file")
    elif folder is not None:
        for source in sources:
            if not (folder / source).exists() and not (_MAGIC & set(source) and any(folder.glob(source))):
                expected = "expected the camera's folder, a pattern of its pictures, or its video file"
                problems.at_value(path, f"no {source!r} in {str(folder)!r}; {expected}")
