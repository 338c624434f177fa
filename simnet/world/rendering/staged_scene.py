"""A scene on the stage of this process, and the vehicles that carry a scenario's cameras.

Only a renderer's process imports this module: it takes Panda3D along.
"""

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
from simnet.world.rendering.renderer import stage
from simnet.world.rendering.scene_truth import SceneTruth

if TYPE_CHECKING:
    import numpy as np
    from panda3d.core import NodePath

    from simnet.records import Trajectory
    from simnet.records.view_truth import ViewTruth
    from simnet.world.rendering.render_requests import SceneSetting, ViewRequest

SCENES = {"street": street.build, "field": field.build, "intersection": intersection.build}
_FLIES_ABOVE_M = 5.0


class StagedScene:
    """Draws views of one scene with the process's single stage. One thread alone may use it."""

    def __init__(self, setting: SceneSetting) -> None:
        """Build the scene; InputError if it does not exist."""
        if setting.scene not in SCENES:
            raise InputError(f"world: no scene {setting.scene!r}; expected one of {', '.join(SCENES)}")
        stage()
        self._scene = SCENES[setting.scene](setting.seed, setting.keep_clear)
        self._bodies = self._add_bodies(setting)
        self._truth: SceneTruth | None = None

    def draw(self, view: ViewRequest) -> np.ndarray:
        """Return a picture of the scene: uint8, height x width x 3, RGB."""
        self._scene.at(view.t_s)
        own = None if view.carrier is None else self._bodies.get(view.carrier)
        if own is not None:
            own.hide()
        try:
            return stage().draw(self._scene.root, view.pose, view.field_of_view_deg, view.width, view.height)
        finally:
            if own is not None:
                own.show()

    def truth(self, view: ViewRequest) -> ViewTruth:
        """Return depth and objects of a view, as its picture shows them."""
        self._scene.at(view.t_s)
        if self._truth is None:
            self._truth = SceneTruth(self._scene)
        return self._truth.draw(view, None if view.carrier is None else self._bodies.get(view.carrier))

    def _add_bodies(self, setting: SceneSetting) -> dict[Trajectory, NodePath]:
        """Add a car, or a drone at high altitude, to every trajectory that a camera follows."""
        found: dict[Trajectory, NodePath] = {}
        for name in sorted(setting.cameras):
            way = setting.cameras[name].trajectory
            if way in found or not poses.moves(way):
                continue
            rng = generator(setting.seed, "world", "body", name)
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
