"""A street of 360 m along the x axis: two lanes, parked cars, pavements, trees, lamps, and houses on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from panda3d.core import NodePath, TextureStage

from simnet.seeds import generator
from simnet.world.rendering import (
    materials,
    road,
    scene,
    trees,
    vehicles,
)
from simnet.world.rendering.buildings import Houses
from simnet.world.rendering.lightmap import LightMap
from simnet.world.rendering.mesh import Mesh
from simnet.world.rendering.noise import Grain
from simnet.world.rendering.renderer import to_texture

if TYPE_CHECKING:
    from collections.abc import Iterable

WEST, EAST = -80.0, 280.0


def build(seed: int, keep_clear: Iterable[tuple[float, float]] = ()) -> scene.Scene:
    """Return the street of `seed`; no tree or post stands near `keep_clear` (x, y)."""
    rng = generator(seed, "world", "street")
    grain = Grain(rng)
    houses = Houses(rng, grain)
    light = LightMap((WEST, -12.0), (EAST, 12.0), 128, 2048)
    mesh = Mesh()
    road.furnish(mesh, light, rng, list(keep_clear), (WEST, EAST))
    for faces_south, side in ((True, 1.0), (False, -1.0)):
        houses.row(mesh, light, (WEST, EAST), side * road.FRONT_M, faces_south=faces_south)
        houses.row(mesh, None, (WEST, EAST), side * 46.0, faces_south=not faces_south, gap=(2.0, 9.0))
        for x in np.arange(WEST, EAST, 9.0):
            y = side * rng.uniform(26.0, 42.0)
            trees.add_tree(mesh, None, rng, float(x + rng.uniform(-3, 3)), y, rng.uniform(4.0, 9.0))
    textures = scene.load(scene.common(rng, grain) | houses.pictures)
    root = NodePath("street")
    scene.sky(grain).reparent_to(root)
    _ground(rng, grain, light).reparent_to(root)
    mesh.build("still", textures, cut_out=trees.CUT_OUT).reparent_to(root)
    result = scene.Scene(root, textures)
    _traffic(result, rng)
    return result


def _ground(rng: np.random.Generator, grain: Grain, light: LightMap) -> NodePath:
    root = NodePath("ground")
    far, lanes = Mesh(), Mesh()
    for x in range(-680, 880, 120):
        for south, north in ((-600, -300), (-300, -12), (12, 300), (300, 600)):
            far.slab("grass", (x, south), (x + 120, north), 0.0, 16.0, (0.9, 0.9, 0.9))
    for x in (WEST - 600, EAST):
        far.slab("grass", (x, -12), (x + 600, 12), 0.0, 16.0, (0.9, 0.9, 0.9))
    scene.ground(far.build("far", {"grass": to_texture(materials.grass(grain, 512, 512))}), 5).reparent_to(root)
    width = (EAST - WEST) / road.TILE_M
    corners = [(WEST, -12.0, 0.0), (EAST, -12.0, 0.0), (EAST, 12.0, 0.0), (WEST, 12.0, 0.0)]
    lanes.polygon("road", corners, [(0, 0), (width, 0), (width, 1), (0, 1)])
    node = lanes.build("road", {"road": to_texture(road.paint_road(rng, grain, 1024))})
    stage = TextureStage("light")
    stage.set_sort(10)
    node.set_texture(stage, to_texture(light.picture(grain), repeat=False))
    node.set_tex_scale(stage, 1.0 / width, 1.0)
    scene.ground(node, 10).reparent_to(root)
    return root


def _traffic(result: scene.Scene, rng: np.random.Generator) -> None:
    """Add oncoming cars; the lane towards +x is reserved for the scenario's own vehicles."""
    length = EAST - WEST
    speed = rng.uniform(8.0, 12.0)
    for k in range(7):
        car = vehicles.car(result.textures, vehicles.PAINTS[rng.integers(len(vehicles.PAINTS))], vehicles.KINDS[k % 3])
        start = k * length / 7 + rng.uniform(-15, 15)

        def where(t_s: float, start: float = start) -> scene.Placement:
            return (EAST - (start + speed * t_s) % length, 2.05, 0.0, 180.0)

        result.add(car, where)
