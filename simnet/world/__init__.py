"""Worlds: the sources of frames.

    open_world(config, cameras, seed) ──▶ World.frame(camera, t_ns) ──▶ picture (uint8, H x W x 3, RGB)

- **rendering/** draws scenes; **recordings/** reads picture folders, videos and stereo pairs; **datasets/** lists training pairs.
- **plugin_worlds** opens worlds of other packages.

Rules of this package: a frame depends only on the world, the camera and the time, in every process. Codecs, links and clocks do
not belong here. Each kind of world is a module, imported by its name in `MODULES` when a world is opened, so that nothing heavy
is imported earlier.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from simnet import drives, plugins
from simnet.errors import InputError
from simnet.serial_imports import imported
from simnet.world import shifted_clocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig, WorldConfig
    from simnet.records.view_truth import ViewTruth

_PLAYED = ("pictures", "pairs", "kitti_raw", "kitti_odometry")
RECORDED = (*_PLAYED, *drives.KINDS)
KINDS = ("rendered", *RECORDED)
"""Reserved kinds, which no other package may use."""
MODULES = {
    "rendered": "simnet.world.rendering.rendered",
    **dict.fromkeys(_PLAYED, "simnet.world.recordings.recorded_world"),
    **dict.fromkeys(drives.KINDS, "simnet.world.recordings.drive_world"),
}
PLUGIN_MODULE = "simnet.world.plugin_worlds"
"""Module that opens the worlds of other packages."""


class World(Protocol):
    """Interface of every kind of world; one that knows more than pictures also has `truth`, see the function."""

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return the frame of `camera` at `t_ns`: uint8, height x width x 3, RGB. Any thread may call this."""
        ...

    def close(self) -> None:
        """Release files and scenes."""
        ...


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> World:
    """Open the world of a scenario.

    `cameras` holds all cameras of the scenario by name: a rendered world shows the vehicles that carry them. `seed` determines
    the appearance of a rendered scene; recorded worlds do not use it.

    Raises:
        InputError: The kind of world, the scene, or a camera's source does not exist.
        PictureError: Recorded pictures are missing.
    """
    world = _open(config, cameras, seed)
    if not any(camera.clock_ns for camera in cameras.values()):
        return world
    return shifted_clocks.ShiftedWorld(world, cameras, begins=config.kind != "rendered")


def truth(world: World, camera: str, t_ns: int) -> ViewTruth | None:
    """Return depth and objects of the frame of `camera` at `t_ns`; None if the world does not know them."""
    known = getattr(world, "truth", None)
    return None if known is None else known(camera, t_ns)


def end_ns(config: WorldConfig, cameras: Mapping[str, CameraConfig], until_ns: int) -> int | None:
    """Return the time at which the first camera of a recorded world runs out of frames; None if that is after `until_ns`.

    Every capture before that time has a frame. A world of another package gives its length as `length_ns`, not None, for any
    seed. Raises the same errors as `open_world`.
    """
    if config.kind == "rendered":
        return None
    late_ns = shifted_clocks.latest_ns(cameras)
    world = _open(config, cameras, 0)
    try:
        if hasattr(world, "end_ns"):
            found = world.end_ns(until_ns + late_ns)
            return None if found is None else max(0, found - late_ns)
        length_ns = world.length_ns
        return None if length_ns is None or length_ns - late_ns > until_ns else max(0, length_ns - late_ns)
    finally:
        world.close()


def files(config: WorldConfig, cameras: Mapping[str, CameraConfig], duration_ns: int) -> list[tuple[str, Path]]:
    """Return the source files of frames before `duration_ns`, each with its name inside the world's folder.

    For a world of another package, these are all files of its folder, because nothing else is known. No world is opened.

    Raises:
        InputError, PictureError: As `open_world`.
    """
    module = module_of(config.kind)
    if module == MODULES["rendered"]:
        return []
    if module != PLUGIN_MODULE:
        return imported(module).files(config, cameras, duration_ns + shifted_clocks.latest_ns(cameras))
    if config.path is None:
        return []
    root = Path(config.path)
    found = [root] if root.is_file() else sorted(file for file in root.rglob("*") if file.is_file())
    return [(file.relative_to(root).as_posix(), file) for file in found]


def module_of(kind: str) -> str:
    """Return the name of the module that opens worlds of `kind`; the InputError for an unknown kind lists the known ones."""
    if plugins.find(plugins.WORLDS, kind, KINDS) is not None:
        return PLUGIN_MODULE
    if kind not in MODULES:
        known = plugins.names(plugins.WORLDS, KINDS)
        raise InputError(f"world: no kind {kind!r}; expected one of: {', '.join(known)}")
    return MODULES[kind]


def _open(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> Any:
    return imported(module_of(config.kind)).open_world(config, cameras, seed)
