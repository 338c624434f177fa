"""Where frames come from: rendered scenes, picture folders, videos, data sets of stereo pairs.

A world answers one question: what does this camera see at this instant? The answer is the same in every process.
Codecs, links and the passing of time do not live here: they would let a picture depend on what became of others.
Nothing heavy is imported until a world is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig, WorldConfig
    from simnet.world.recorded import RecordedWorld

RECORDED = ("pictures", "pairs", "kitti_raw", "kitti_odometry")


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
    if config.kind == "rendered":
        from simnet.world.rendered import RenderedWorld

        return RenderedWorld(config, cameras, seed)
    return _recorded(config, cameras)


def length_ns(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> int | None:
    """Return when the first camera of a recorded world runs out of frames; None where frames never end.

    Every capture before that time has a frame. Raises what `open_world` does.
    """
    if config.kind == "rendered":
        return None
    world = _recorded(config, cameras)
    try:
        return world.length_ns
    finally:
        world.close()


def _recorded(config: WorldConfig, cameras: Mapping[str, CameraConfig]) -> RecordedWorld:
    if config.kind not in RECORDED:
        raise InputError(f"world: no kind {config.kind!r}; expected rendered, {', '.join(RECORDED)}")
    from simnet.world.recorded import RecordedWorld

    return RecordedWorld(config, cameras)
