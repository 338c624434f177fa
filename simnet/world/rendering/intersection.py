"""Intersection of two streets with houses at its corners and cars that cross in turns."""

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

ARM_M = 108.0
"""Length of each street from the crossing; a house closes the view at its end."""
_CROSSING_M = 48.0
_CORNER_M = 14.5
"""Distance from the centre at which houses begin: a camera on a corner of the pavement sees both streets."""
_WIDE_M = 14.0
"""Distance from the centre at which parked cars and trees begin."""


def build(seed: int, keep_clear: Iterable[tuple[float, float]] = ()) -> scene.Scene:
    """Return the intersection of `seed`; no tree or post stands near `keep_clear` (x, y)."""
    rng = generator(seed, "world", "intersection")
    grain = Grain(rng)
    houses = Houses(rng, grain)
    light = LightMap((-ARM_M, -ARM_M), (ARM_M, ARM_M), 1024, 1024)
    mesh = Mesh()
    clear = list(keep_clear)
    for turned in (False, True):
        mesh.turned = light.turned = turned
        begin = 26.0 if turned else _CORNER_M
        for along in ((-ARM_M, -begin), (begin, ARM_M)):
            for faces_south, side in ((True, 1.0), (False, -1.0)):
                houses.row(mesh, light, along, side * road.FRONT_M, faces_south=faces_south, within=True)
        for x in (-ARM_M - 12.0, ARM_M):
            houses.house(mesh, 0, (x, -14.0), (x + 12.0, 14.0), faces_south=True)
        spots = [(-y, x) for x, y in clear] if turned else clear
        for along in ((-ARM_M, -_WIDE_M), (_WIDE_M, ARM_M)):
            road.furnish(mesh, light, rng, spots, along)
    mesh.turned = light.turned = False
    textures = scene.load(scene.common(rng, grain) | houses.pictures)
    root = NodePath("intersection")
    scene.sky(grain).reparent_to(root)
    _ground(rng, grain, light).reparent_to(root)
    mesh.build("still", textures, cut_out=trees.CUT_OUT).reparent_to(root)
    result = scene.Scene(root, textures)
    _traffic(result, rng)
    return result


def paint_crossing(rng: np.random.Generator, grain: Grain, size: int) -> np.ndarray:
    """Return the ground of the crossing (size x size x 3, 48 m a side): stop lines, zebra stripes, rounded kerbs."""
    east, north = (road.paint_road(rng, grain, size, _CROSSING_M) for _ in range(2))
    picture, north = east, np.rot90(north)
    y, x = np.mgrid[_CROSSING_M / 2 : -_CROSSING_M / 2 : size * 1j, -_CROSSING_M / 2 : _CROSSING_M / 2 : size * 1j]
    across, along = np.abs(y), np.abs(x)
    arm = (along < road.KERB_M + 0.2) & (across > road.KERB_M)
    picture[arm] = north[arm]
    bare = materials.asphalt(grain, size, size)
    corner = np.hypot(along - road.KERB_M - 4.0, across - road.KERB_M - 4.0)
    box = np.maximum(along, across) < road.KERB_M + 4.0
    middle = box & ~((along > road.KERB_M) & (across > road.KERB_M) & (corner < 4.0))
    picture[middle] = bare[middle]
    rim = box & (np.minimum(along, across) > road.KERB_M) & (np.abs(corner - 4.0) < 0.15)
    picture[rim] = 0.66
    worn = np.clip(0.85 + 0.15 * grain.patch(size, size), 0.3, 0.95)
    for a, b in ((x, y), (y, x)):
        zebra = (np.abs(np.abs(a) - 9.0) < 1.5) & (np.abs(b) < road.KERB_M - 0.3) & (b % 1.0 < 0.5)
        stop = (np.abs(np.abs(a) - 11.3) < 0.2) & (np.abs(b - 2.0 * np.sign(a) * (1 if a is y else -1)) < 1.9)
        line = zebra | stop
        picture[line] = worn[line][:, None] * 0.92
    return picture


def _ground(rng: np.random.Generator, grain: Grain, light: LightMap) -> NodePath:
    root = NodePath("ground")
    far = Mesh()
    for x in range(-600, 600, 200):
        for y in range(-600, 600, 200):
            far.slab("grass", (x, y), (x + 200, y + 200), 0.0, 16.0, (0.9, 0.9, 0.9))
    scene.ground(far.build("far", {"grass": to_texture(materials.grass(grain, 512, 512))}), 5).reparent_to(root)
    shade = to_texture(light.picture(grain), repeat=False)
    tile = road.paint_road(rng, grain, 1024)
    half, width = _CROSSING_M / 2, road.TILE_M / 2
    arms, turned, middle = Mesh(), Mesh(), Mesh()
    for near, end in ((-ARM_M, -half), (half, ARM_M)):
        _lay(arms, (near, -width), (end, width), road.TILE_M)
        _lay(turned, (-width, near), (width, end), road.TILE_M)
    _lay(middle, (-half, -half), (half, half), _CROSSING_M)
    crossing = paint_crossing(rng, grain, 1024)
    for mesh, picture, metres in (
        (arms, tile, road.TILE_M),
        (turned, np.rot90(tile), road.TILE_M),
        (middle, crossing, _CROSSING_M),
    ):
        node = mesh.build("road", {"road": to_texture(picture)})
        stage = TextureStage("light")
        stage.set_sort(10)
        node.set_texture(stage, shade)
        scale = metres / (2 * ARM_M)
        node.set_tex_scale(stage, scale, scale)
        node.set_tex_offset(stage, 0.5 - 0.5 * scale, 0.5 - 0.5 * scale)
        scene.ground(node, 10).reparent_to(root)
    return root


def _lay(mesh: Mesh, low: tuple[float, float], high: tuple[float, float], metres: float) -> None:
    """Add ground whose texture repeats every `metres`; a tile's centre is at the origin."""
    (ax, ay), (bx, by) = low, high
    corners = [(ax, ay), (bx, ay), (bx, by), (ax, by)]
    mesh.polygon("road", [(x, y, 0.0) for x, y in corners], [(x / metres + 0.5, y / metres + 0.5) for x, y in corners])


def _traffic(result: scene.Scene, rng: np.random.Generator) -> None:
    """Add crossing cars: eastbound and westbound in one half of each period, northbound and southbound in the other."""
    speed, period = 9.0, 6.0
    for way, (heading, wait) in enumerate(((0.0, 0.0), (180.0, 0.5), (90.0, 3.1), (270.0, 3.5))):
        turn = np.radians(heading)
        ahead, right = (np.cos(turn), np.sin(turn)), (np.sin(turn), -np.cos(turn))
        for k in range(4):
            car = vehicles.car(
                result.textures, vehicles.PAINTS[rng.integers(len(vehicles.PAINTS))], vehicles.KINDS[(k + way) % 3]
            )

            def where(t_s: float, drive: tuple = (k * period - wait, ahead, right, heading)) -> scene.Placement:
                late, ahead, right, heading = drive
                along = (speed * (t_s + late) + ARM_M) % (2 * ARM_M) - ARM_M
                return (along * ahead[0] + 2.0 * right[0], along * ahead[1] + 2.0 * right[1], 0.0, heading)

            result.add(car, where)
