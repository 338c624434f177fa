"""Rendered worlds: a scene built from the scenario's seed, its cameras, and the vehicles that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.records import SECOND_NS
from simnet.seeds import generator
from simnet.tracks import poses
from simnet.world.rendering import (
    field,
    intersection,
    scene,
    street,
    vehicles,
)
from simnet.world.rendering.renderer import LOCK, stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from panda3d.core import NodePath

    from simnet.records import CameraConfig, Trajectory, WorldConfig

SCENES = {"street": street.build, "field": field.build, "intersection": intersection.build}
_FLIES_ABOVE_M = 5.0


def open_world(config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> RenderedWorld:
    """Open a rendered world; InputError if the scene does not exist."""
    return RenderedWorld(config, cameras, seed)


class RenderedWorld:
    """A world that draws frames with the process's single stage."""

    def __init__(self, config: WorldConfig, cameras: Mapping[str, CameraConfig], seed: int) -> None:
        if config.scene not in SCENES:
            raise InputError(f"world: no scene {config.scene!r}; expected one of {', '.join(SCENES)}")
        self._cameras = dict(cameras)
        still = [camera for camera in cameras.values() if not poses.moves(camera.trajectory)]
        with LOCK:
            stage()
            self._scene = SCENES[config.scene](seed, [poses.camera_pose(each, 0).position_m[:2] for each in still])
            self._bodies = self._add_bodies(seed)

    def frame(self, camera: str, t_ns: int) -> np.ndarray:
        """Return the frame of `camera` at `t_ns`: uint8, height x width x 3, RGB."""
        with LOCK:
            return self._draw(camera, t_ns)

    def close(self) -> None:
        """Release the scene."""
        with LOCK:
            self._scene.movers.clear()
            self._bodies.clear()
            self._scene.root.node().remove_all_children()

    def _draw(self, name: str, t_ns: int) -> np.ndarray:
        camera = self._cameras[name]
        self._scene.at(t_ns / SECOND_NS)
        own = self._bodies.get(camera.trajectory)
        if own is not None:
            own.hide()
        pose = poses.camera_pose(camera, t_ns)
        try:
            return stage().draw(self._scene.root, pose, camera.field_of_view_deg, camera.width, camera.height)
        finally:
            if own is not None:
                own.show()

    def _add_bodies(self, seed: int) -> dict[Trajectory, NodePath]:
        """Add a car, or a drone at high altitude, to every trajectory that a camera follows."""
        found: dict[Trajectory, NodePath] = {}
        for name in sorted(self._cameras):
            way = self._cameras[name].trajectory
            if way in found or not poses.moves(way):
                continue
            rng = generator(seed, "world", "body", name)
            flies = max(z for _, _, z in way.waypoints_m) > _FLIES_ABOVE_M
            if flies:
                body = vehicles.drone(self._scene.textures)
            else:
                paint = vehicles.PAINTS[rng.integers(len(vehicles.PAINTS))]
                body = vehicles.car(self._scene.textures, paint, vehicles.KINDS[rng.integers(len(vehicles.KINDS))])
            found[way] = body

            def where(t_s: float, way: Trajectory = way, *, flies: bool = flies) -> scene.Placement:
                t_ns = round(t_s * SECOND_NS)
                x, y, z = poses.position(way, t_ns)
                return (x, y, z if flies else 0.0, poses.heading_deg(way, t_ns))

            self._scene.add(body, where)
        return found
