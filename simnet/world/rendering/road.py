"""Road along the x axis: asphalt and markings, pavements, parked cars, trees, lamps and signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simnet.world.rendering import materials, trees, vehicles

if TYPE_CHECKING:
    from simnet.world.rendering.lightmap import LightMap
    from simnet.world.rendering.mesh import Mesh
    from simnet.world.rendering.noise import Grain

TILE_M = 24.0
"""Side of the painted ground tile in metres; it repeats along the street."""
KERB_M, FRONT_M = 6.2, 10.2
"""Distances of kerb and house fronts from the middle of the road."""
_METAL = (0.48, 0.50, 0.52)


def paint_road(rng: np.random.Generator, grain: Grain, size: int, metres: float = TILE_M) -> np.ndarray:
    """Return a ground texture of `metres` a side (size x size x 3); the road runs left to right through its middle."""
    pixels_per_m = size / metres
    y = (size / 2 - np.arange(size)) / pixels_per_m
    x = np.arange(size) / pixels_per_m
    picture = materials.asphalt(grain, size, size)
    tracks = np.exp(-(((np.abs(y) - 1.1) / 0.35) ** 2)) + np.exp(-(((np.abs(y) - 2.9) / 0.35) ** 2))
    picture *= (1.0 - 0.16 * tracks)[:, None, None].astype(np.float32)
    parking = (np.abs(y) > 4.0) & (np.abs(y) < KERB_M)
    picture[parking] *= 0.88
    worn = np.clip(0.86 + 0.16 * grain.patch(size, size), 0.25, 0.95)[..., None]
    line = np.zeros((size, size), bool)
    line |= (np.abs(y) < 0.07)[:, None] & (x % 6.0 < 3.0)[None]
    line |= (np.abs(np.abs(y) - 4.0) < 0.05)[:, None] & (x % 1.0 < 0.5)[None]
    line |= parking[:, None] & (np.abs(x % 6.0 - 3.0) < 0.05)[None]
    picture = np.where(line[..., None], worn * 0.9 + 0.1 * picture, picture)
    pavement = np.abs(y) > KERB_M
    picture[pavement] = materials.slabs(rng, grain, size, size, round(0.6 * pixels_per_m))[pavement]
    kerb = np.abs(np.abs(y) - KERB_M) < 0.12
    picture[kerb] = materials.mottled(grain, size, size, (0.66, 0.65, 0.63), 0.12)[kerb]
    picture[(np.abs(y) < KERB_M - 0.12) & (np.abs(y) > KERB_M - 0.45)] *= 0.7
    _patches(rng, grain, picture, pixels_per_m)
    return picture


def _patches(rng: np.random.Generator, grain: Grain, picture: np.ndarray, pixels_per_m: float) -> None:
    """Add repaired patches and manholes."""
    size = len(picture)
    for _ in range(5):
        h, w = (rng.uniform(0.6, 2.2, 2) * pixels_per_m).astype(int)
        y = int(size / 2 + rng.uniform(-5.5, 3.0) * pixels_per_m)
        x = int(rng.integers(0, size - w))
        picture[y : y + h, x : x + w] *= rng.uniform(0.68, 0.9) + 0.05 * grain.patch(h, w, 0.5)[..., None]
    for _ in range(3):
        y, x = size / 2 + rng.uniform(-3.5, 3.5) * pixels_per_m, rng.uniform(40, size - 40)
        _manhole(picture, y, x, pixels_per_m)


def _manhole(picture: np.ndarray, y: float, x: float, pixels_per_m: float) -> None:
    """Draw a lid around (y, x), in pixels."""
    rows, columns = (slice(max(0, int(middle - pixels_per_m)), int(middle + pixels_per_m) + 1) for middle in (y, x))
    lid = picture[rows, columns]
    yy, xx = np.mgrid[0 : lid.shape[0], 0 : lid.shape[1]] + np.array([rows.start, columns.start])[:, None, None]
    radius = np.hypot(yy - y, xx - x) / pixels_per_m
    lid[radius < 0.36] *= 0.6
    lid[(radius < 0.30) & ((yy // 3 + xx // 3) % 2 == 0)] *= 1.35


def furnish(
    mesh: Mesh,
    light: LightMap,
    rng: np.random.Generator,
    keep_clear: list[tuple[float, float]],
    along: tuple[float, float],
) -> None:
    """Add parked cars, trees, lamps and signs from x = along[0] to along[1]; nothing tall near `keep_clear` (x, y)."""
    west, east = along

    def free(x: float, y: float, metres: float = 3.0) -> bool:
        return all(np.hypot(x - cx, y - cy) > metres for cx, cy in keep_clear)

    for side in (-1.0, 1.0):
        for x in np.arange(west + 6, east, 6.0):
            place = (float(x + rng.uniform(-0.4, 0.4)), side * (5.05 + rng.uniform(-0.1, 0.1)))
            if rng.random() < 0.62:
                paint = vehicles.PAINTS[rng.integers(len(vehicles.PAINTS))]
                vehicles.add_car(mesh, paint, vehicles.KINDS[rng.integers(3)], place, 0.0 if side < 0 else 180.0)
                light.block((place[0] - 2.1, place[1] - 0.9), (place[0] + 2.1, place[1] + 0.9), 1.3)
        for x in np.arange(west + 4, east, 11.0):
            at = float(x + rng.uniform(-3, 3))
            if rng.random() < 0.6 and free(at, side * 7.2, 6.0):
                trees.add_tree(mesh, light, rng, at, side * 7.2, rng.uniform(5.0, 9.0))
        for x in np.arange(west + 12, east, 24.0):
            if free(float(x), side * 6.8):
                _lamp(mesh, light, float(x), side * 6.8, -side)
            if rng.random() < 0.6 and free(float(x) + 7, side * 6.6):
                _sign(mesh, light, rng, float(x) + 7, side * 6.6)


def _lamp(mesh: Mesh, light: LightMap, x: float, y: float, towards: float) -> None:
    mesh.box("body", (x - 0.07, y - 0.07, 0), (x + 0.07, y + 0.07, 6.0), 1.0, _METAL)
    near, far = sorted((y, y + 1.6 * towards))
    mesh.box("body", (x - 0.05, near, 6.0), (x + 0.05, far, 6.12), 1.0, _METAL)
    mesh.box(
        "body",
        (x - 0.15, y + 1.4 * towards - 0.3, 5.9),
        (x + 0.15, y + 1.4 * towards + 0.3, 6.05),
        1.0,
        (0.8, 0.8, 0.75),
    )
    light.block((x - 0.1, y - 0.1), (x + 0.1, y + 0.1), 6.0)


def _sign(mesh: Mesh, light: LightMap, rng: np.random.Generator, x: float, y: float) -> None:
    mesh.box("body", (x - 0.04, y - 0.04, 0), (x + 0.04, y + 0.04, 2.3), 1.0, _METAL)
    colour = ((0.8, 0.15, 0.12), (0.15, 0.3, 0.8), (0.9, 0.8, 0.25))[int(rng.integers(3))]
    mesh.box("body", (x - 0.03, y - 0.35, 2.3), (x + 0.03, y + 0.35, 3.0), 1.0, colour, (0.9, 0.9, 0.9, 0.9, 0.9))
    light.block((x - 0.04, y - 0.35), (x + 0.04, y + 0.35), 0.7, 2.3)
