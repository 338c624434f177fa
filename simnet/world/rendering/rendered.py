"""Rendered worlds: a scene built from the scenario's seed, its cameras, and the vehicles that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.records import SECOND_NS
from simnet.tracks import poses
from simnet.world.rendering.draw_client import DrawClient
from simnet.world.rendering.render_requests import SceneSetting, ViewRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from simnet.records import CameraConfig, WorldConfig
    from simnet.records.view_truth import ViewTruth


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> RenderedWorld:
    """Open a rendered world; InputError if the scene does not exist."""
    return RenderedWorld(config, cameras, seed)


class RenderedWorld:
    """A world whose frames a process of its own draws."""

    def __init__(self, config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> None:
        self._cameras = dict(cameras)
        still = [camera for camera in cameras.values() if not poses.moves(camera.trajectory)]
        clear = tuple(poses.camera_pose(each, 0).position_m[:2] for each in still)
        self._renderer = DrawClient(max((self._view(name, 0).size_bytes for name in cameras), default=1))
        try:
            self._renderer.build(SceneSetting(config.scene, seed, clear, self._cameras))
        except BaseException:
            self._renderer.close()
            raise

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return the frame of `camera` at `t_ns`: uint8, height x width x 3, RGB."""
        return self._renderer.draw(self._view(camera, t_ns), f"{camera} at {t_ns / SECOND_NS:g} s")

    def truth(self, camera: str, t_ns: int) -> ViewTruth:
        """Return depth and objects of the frame of `camera` at `t_ns`."""
        return self._renderer.truth(self._view(camera, t_ns), f"{camera} at {t_ns / SECOND_NS:g} s")

    def close(self) -> None:
        """End the process that draws."""
        self._renderer.close()

    @property
    def peak_bytes(self) -> int:
        """The peak resident size of the process that draws."""
        return self._renderer.peak_bytes

    @property
    def core_seconds(self) -> float:
        """What the process that draws has taken of the processor."""
        return self._renderer.core_seconds

    def _view(self, name: str, t_ns: int) -> ViewRequest:
        camera = self._cameras[name]
        pose, size = poses.camera_pose(camera, t_ns), (camera.width, camera.height)
        return ViewRequest(pose, t_ns / SECOND_NS, camera.field_of_view_deg, *size, camera.trajectory)
