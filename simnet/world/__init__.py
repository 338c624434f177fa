"""The worlds: where frames come from.

    open_world(config, cameras, seed) ──▶ World.frame(camera, t_ns) ──▶ picture (uint8, H x W x 3, RGB)

- **rendering/** draws scenes; **recordings/** reads folders, films and stereo pairs; **datasets/** are pairs for training.
- **plugin_worlds** opens worlds of other packages.

Rules of this room: a frame depends on the world, the camera and the time only, in every process. Codecs, links and clocks do
not belong here. A kind of world is a module, imported by its name in `MODULES` when a world is opened, so that nothing heavy is
imported before.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from simnet import plugins
from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig, WorldConfig

RECORDED = ("pictures", "pairs", "kitti_raw", "kitti_odometry")
KINDS = ("rendered", *RECORDED)
"""Names that no other package may take."""
MODULES = {
    "rendered": "simnet.world.rendering.rendered",
    **dict.fromkeys(RECORDED, "simnet.world.recordings.recorded_world"),
}
PLUGIN_MODULE = "simnet.world.plugin_worlds"
"""Opens the worlds of other packages."""


class World(Protocol):
    """What every kind of world does."""

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return what `camera` sees at `t_ns`: uint8, height x width x 3, RGB. Any thread may ask."""
        ...

    def close(self) -> None:
        """Let go of files and scenes."""
        ...


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> World:
    """Open the world of a scenario.

    `cameras` are all of the scenario's, by name: a rendered world shows the vehicles that carry them. `seed` decides
    what a rendered scene looks like; recorded worlds do not use it.

    Raises:
        InputError: for a kind of world or a scene that does not exist, or a camera's source that it does not have.
        PictureError: where recorded pictures are missing.
    """
    return _open(config, cameras, seed)


def length_ns(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> int | None:
    """Return when the first camera of a recorded world runs out of frames; None where frames never end.

    Every capture before that time has a frame. A world of another package says so by a `length_ns` that is not None, for any
    seed. Raises what `open_world` does.
    """
    if config.kind == "rendered":
        return None
    world = _open(config, cameras, 0)
    try:
        return world.length_ns
    finally:
        world.close()


def files(config: WorldConfig, cameras: Mapping[str, CameraConfig], duration_ns: int) -> list[tuple[str, Path]]:
    """Return the files that frames before `duration_ns` come from, each with its name inside the world's folder.

    Of a world of another package nothing is known: these are all files of its folder. A world is not opened for this.

    Raises:
        InputError, PictureError: As `open_world`.
    """
    module = module_of(config.kind)
    if module == MODULES["rendered"]:
        return []
    if module != PLUGIN_MODULE:
        return importlib.import_module(module).files(config, cameras, duration_ns)
    if config.path is None:
        return []
    root = Path(config.path)
    found = [root] if root.is_file() else sorted(file for file in root.rglob("*") if file.is_file())
    return [(file.relative_to(root).as_posix(), file) for file in found]


def module_of(kind: str) -> str:
    """Return the name of the module that opens worlds of a kind; InputError lists the kinds there are."""
    if plugins.find(plugins.WORLDS, kind, KINDS) is not None:
        return PLUGIN_MODULE
    if kind not in MODULES:
        known = plugins.names(plugins.WORLDS, KINDS)
        raise InputError(f"world: no kind {kind!r}; expected one of: {', '.join(known)}")
    return MODULES[kind]


def _open(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> Any:
    return importlib.import_module(module_of(config.kind)).open_world(config, cameras, seed)
