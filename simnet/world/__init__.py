"""Where frames come from: rendered scenes, picture folders, videos, data sets of stereo pairs.

A world answers one question: what does this camera see at this instant? The answer is the same in every process.
Codecs, links and the passing of time do not live here: they would let a picture depend on what became of others.
Nothing heavy is imported until a world is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simnet import plugins
from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig, WorldConfig
    from simnet.world.recordings.recorded_world import RecordedWorld

RECORDED = ("pictures", "pairs", "kitti_raw", "kitti_odometry")
KINDS = ("rendered", *RECORDED)
"""Names that no other package may take."""


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
    if (plugin := plugins.find(plugins.WORLDS, config.kind, KINDS)) is not None:
        from simnet.world.plugin_worlds import open_installed

        return open_installed(plugin, config, cameras, seed)
    if config.kind == "rendered":
        from simnet.world.rendering.rendered import RenderedWorld

        return RenderedWorld(config, cameras, seed)
    return _recorded(config, cameras)


def length_ns(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> int | None:
    """Return when the first camera of a recorded world runs out of frames; None where frames never end.

    Every capture before that time has a frame. A world of another package says so by a `length_ns` that is not None, for any
    seed. Raises what `open_world` does.
    """
    if (plugin := plugins.find(plugins.WORLDS, config.kind, KINDS)) is not None:
        from simnet.world.plugin_worlds import open_installed

        brought = open_installed(plugin, config, cameras, 0)
        try:
            return brought.length_ns
        finally:
            brought.close()
    if config.kind == "rendered":
        return None
    world = _recorded(config, cameras)
    try:
        return world.length_ns
    finally:
        world.close()


def _recorded(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> RecordedWorld:
    if config.kind not in RECORDED:
        known = plugins.names(plugins.WORLDS, KINDS)
        raise InputError(f"world: no kind {config.kind!r}; expected one of: {', '.join(known)}")
    from simnet.world.recordings.recorded_world import RecordedWorld

    return RecordedWorld(config, cameras)
