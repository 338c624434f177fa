"""Farmland of 480 m by 480 m for drone views: parcels with crop rows, hedges, tracks, farms, trees, vehicles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
from panda3d.core import NodePath, TextureStage

from simnet.seeds import generator
from simnet.world.rendering import (
    materials,
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

SIDE_M = 480.0
LOW, HIGH = (-180.0, -240.0), (300.0, 240.0)
_TEXELS = 2048
_CROPS = (
    (0.36, 0.46, 0.18),
    (0.47, 0.50, 0.22),
    (0.66, 0.58, 0.33),
    (0.44, 0.34, 0.24),
    (0.55, 0.43, 0.30),
    (0.30, 0.40, 0.17),
    (0.72, 0.67, 0.28),
)
Line = tuple[np.ndarray, np.ndarray]


def build(seed: int, keep_clear: Iterable[tuple[float, float]] = ()) -> scene.Scene:
    """Return the farmland of `seed`; no tree stands near `keep_clear` (x, y)."""
    rng = generator(seed, "world", "field")
    grain = Grain(rng)
    houses = Houses(rng, grain, kinds=3)
    parcels, borders = _parcels(rng)
    light = LightMap(LOW, HIGH, _TEXELS // 2, _TEXELS // 2)
    clear = list(keep_clear)
    mesh = Mesh()
    tracks = [borders[k] for k in range(0, len(borders), 4)]
    for k, (a, b) in enumerate(borders):
        if k % 4 in (1, 2):
            _hedge(mesh, light, rng, a, b, clear)
    farms = _farms(mesh, light, rng, houses, clear)
    _scatter(mesh, light, rng, parcels, clear)
    picture = _paint(rng, grain, parcels, borders, tracks, farms)
    picture *= 1.3 * light.picture(grain)
    pictures = scene.common(rng, grain) | houses.pictures
    pictures["hedge"] = np.ascontiguousarray(pictures["leaves"][64:192, 64:192, :3])
    textures = scene.load(pictures)
    root = NodePath("field")
    scene.sky(grain).reparent_to(root)
    _ground(grain, picture).reparent_to(root)
    mesh.build("still", textures, cut_out=trees.CUT_OUT).reparent_to(root)
    result = scene.Scene(root, textures)
    _vehicles(result, rng, tracks)
    return result


def _parcels(rng: np.random.Generator) -> tuple[list[np.ndarray], list[Line]]:
    """Cut the land by slanted lines into convex parcels (K x 2, metres); return them and the cuts."""
    (ax, ay), (bx, by) = LOW, HIGH
    pending = [np.asarray([(ax, ay), (bx, ay), (bx, by), (ax, by)])]
    done: list[np.ndarray] = []
    borders: list[Line] = []
    slant = rng.uniform(-0.35, 0.35)
    while pending:
        parcel = pending.pop(0)
        span = np.ptp(parcel, axis=0)
        if max(span) < rng.uniform(70, 130):
            done.append(parcel)
            continue
        angle = slant + rng.uniform(-0.12, 0.12) + (math.pi / 2 if span[0] > span[1] else 0.0)
        normal = np.asarray((-math.sin(angle), math.cos(angle)))
        through = parcel.mean(axis=0) + rng.uniform(-0.15, 0.15, 2) * span
        side = (parcel - through) @ normal
        halves: tuple[list, list] = ([], [])
        cut = []
        for k in range(len(parcel)):
            a, b, da, db = parcel[k - 1], parcel[k], side[k - 1], side[k]
            if da * db < 0:
                point = a + (b - a) * da / (da - db)
                cut.append(point)
                halves[0].append(point)
                halves[1].append(point)
            halves[0 if db > 0 else 1].append(b)
        borders.append((cut[0], cut[1]))
        pending += [np.asarray(halves[0]), np.asarray(halves[1])]
    return done, borders


def _paint(
    rng: np.random.Generator,
    grain: Grain,
    parcels: list[np.ndarray],
    borders: list[Line],
    tracks: list[Line],
    farms: list[np.ndarray],
) -> np.ndarray:
    """Return the ground texture from above (texels x texels x 3, north up)."""
    picture = cv2.resize(materials.grass(grain, _TEXELS // 2, _TEXELS // 2), (_TEXELS, _TEXELS))
    for parcel in parcels:
        _crop(rng, grain, picture, parcel)
    wild = np.zeros((_TEXELS, _TEXELS), np.uint8)
    for a, b in borders:
        cv2.line(wild, *_ends(a, b), (255,), 13, cv2.LINE_AA)
    _blend(picture, wild, cv2.resize(materials.grass(grain, 1024, 1024), (_TEXELS, _TEXELS)))
    dirt = cv2.resize(materials.mottled(grain, 1024, 1024, (0.66, 0.58, 0.46), 0.16), (_TEXELS, _TEXELS))
    worn = np.zeros((_TEXELS, _TEXELS), np.uint8)
    for a, b in tracks:
        across = np.asarray((a[1] - b[1], b[0] - a[0])) / np.hypot(*(b - a))
        for shift, wide in ((-0.9, 4), (0.9, 4)):
            cv2.line(worn, *_ends(a + shift * across, b + shift * across), (230,), wide, cv2.LINE_AA)
    for yard in farms:
        cv2.fillConvexPoly(worn, _texels(yard), (210,), cv2.LINE_AA)
    _blend(picture, cv2.GaussianBlur(worn, (0, 0), 1.2), dirt)
    return picture


def _crop(rng: np.random.Generator, grain: Grain, picture: np.ndarray, parcel: np.ndarray) -> None:
    """Paint one parcel: its crop, rows along its longest side, tramlines, bare and lush patches."""
    texels = _texels(parcel)
    left, top = np.maximum(texels.min(axis=0), 0)
    right, bottom = np.minimum(texels.max(axis=0), _TEXELS)
    height, width = bottom - top, right - left
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, texels - np.asarray((left, top), np.int32), (255,))
    sides = np.roll(parcel, -1, axis=0) - parcel
    along = sides[np.argmax(np.hypot(*sides.T))]
    angle = math.atan2(-along[1], along[0])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * (SIDE_M / _TEXELS)
    across = y * math.cos(angle) - x * math.sin(angle) + 0.25 * grain.patch(height, width, 1.6)
    period = rng.uniform(0.9, 3.0)
    rows = 1.0 + rng.uniform(0.04, 0.16) * np.sin(across * (2 * math.pi / period))
    rows[across % rng.uniform(14, 22) < 0.5] *= 0.82
    rows *= 1.0 + 0.08 * grain.patch(height, width) + 0.05 * grain.patch(height, width, 0.5)
    colour = np.asarray(_CROPS[rng.integers(len(_CROPS))], np.float32) * (
        rng.uniform(0.85, 1.1) + rng.uniform(-0.05, 0.05, 3)
    ).astype(np.float32)
    crop = materials.tint(rows, tuple(colour))
    bare = np.clip(0.5 * grain.patch(height, width, 1.6) - 0.4, 0.0, 0.7)[..., None]
    crop = crop * (1 - bare) + bare * np.asarray((0.52, 0.42, 0.30), np.float32) * rows[..., None]
    picture[top:bottom, left:right][mask > 0] = crop[mask > 0]


def _blend(picture: np.ndarray, mask: np.ndarray, over: np.ndarray) -> None:
    where = mask > 0
    share = (mask[where] / np.float32(255.0))[:, None]
    picture[where] = picture[where] * (1 - share) + over[where] * share


def _texels(points: np.ndarray) -> np.ndarray:
    """Convert points (K x 2, metres) to int32 columns and rows of the picture."""
    scaled = (points - LOW) * (_TEXELS / SIDE_M)
    scaled[:, 1] = _TEXELS - scaled[:, 1]
    return np.round(scaled).astype(np.int32)


def _ends(a: np.ndarray, b: np.ndarray) -> tuple[list[int], list[int]]:
    first, last = _texels(np.stack([a, b])).tolist()
    return first, last


def _hedge(
    mesh: Mesh,
    light: LightMap,
    rng: np.random.Generator,
    a: np.ndarray,
    b: np.ndarray,
    clear: list[tuple[float, float]],
) -> None:
    """Plant a hedge with gaps, bushes and single trees."""
    length = float(np.hypot(*(b - a)))
    ahead = (b - a) / length
    across = np.asarray((-ahead[1], ahead[0]))
    for s in np.arange(2.0, length - 4.0, 4.0):
        if rng.random() < 0.12:
            continue
        start = a + ahead * s
        end, half, top = start + ahead * 4.2, rng.uniform(0.5, 0.9) * across, rng.uniform(1.1, 2.1)
        shade = rng.uniform(0.75, 1.0)
        for p, q, part in ((start - half, end - half, 0.9), (end + half, start + half, 0.6)):
            mesh.wall("hedge", p, q, 0, top, (0, 0, 1.4, 0.6), (shade * part, shade * part, shade * part))
        roof = [(*start - half, top), (*end - half, top), (*end + half, top), (*start + half, top)]
        mesh.polygon("hedge", roof, [(0, 0), (1.4, 0), (1.4, 0.5), (0, 0.5)], (shade, shade, shade))
        light.block(np.minimum(start, end) - 0.6, np.maximum(start, end) + 0.6, top * 0.6)
        place = start + rng.uniform(-0.8, 0.8, 2)
        if rng.random() < 0.25:
            trees.add_bush(mesh, rng, float(place[0]), float(place[1]), rng.uniform(1.0, 1.8))
        elif rng.random() < 0.12 and all(np.hypot(*(place - spot)) > 4 for spot in clear):
            trees.add_tree(mesh, light, rng, float(place[0]), float(place[1]), rng.uniform(5, 11))


def _farms(
    mesh: Mesh, light: LightMap, rng: np.random.Generator, houses: Houses, clear: list[tuple[float, float]]
) -> list[np.ndarray]:
    """Build farms (houses, trees, parked cars) and return their yards (4 x 2, metres)."""
    yards = []
    for _ in range(12):
        x, y = rng.uniform(LOW[0] + 40, HIGH[0] - 40), rng.uniform(LOW[1] + 40, HIGH[1] - 40)
        if any(np.hypot(x - cx, y - cy) < 25 for cx, cy in clear):
            continue
        yards.append(np.asarray([(x - 14, y - 12), (x + 16, y - 14), (x + 15, y + 12), (x - 12, y + 13)]))
        for dx, dy in ((-11.0, 2.0), (5.0, -11.0)):
            low = (x + dx, y + dy)
            high = (low[0] + rng.uniform(7, 13), low[1] + rng.uniform(6, 9))
            houses.cottage(mesh, low, high, rng.uniform(3.0, 5.0))
            light.block(low, high, 5.0)
        for _ in range(3):
            place = (x + rng.uniform(-8, 12), y + rng.uniform(-2, 2))
            paint = vehicles.PAINTS[rng.integers(len(vehicles.PAINTS))]
            vehicles.add_car(mesh, paint, vehicles.KINDS[rng.integers(3)], place, rng.uniform(0, 360))
            light.block((place[0] - 1.3, place[1] - 1.3), (place[0] + 1.3, place[1] + 1.3), 0.8)
        for _ in range(6):
            angle = rng.uniform(0, 2 * math.pi)
            trees.add_tree(mesh, light, rng, x + 19 * math.cos(angle), y + 19 * math.sin(angle), rng.uniform(5, 10))
    return yards


def _scatter(
    mesh: Mesh, light: LightMap, rng: np.random.Generator, parcels: list[np.ndarray], clear: list[tuple[float, float]]
) -> None:
    """Add single trees, bushes and, on every third parcel, straw bales in loose rows."""
    for _ in range(260):
        x, y = rng.uniform(LOW[0], HIGH[0]), rng.uniform(LOW[1], HIGH[1])
        if any(np.hypot(x - cx, y - cy) < 6 for cx, cy in clear):
            continue
        if rng.random() < 0.3:
            trees.add_tree(mesh, light, rng, x, y, rng.uniform(4, 11))
        else:
            radius = rng.uniform(0.5, 1.6)
            trees.add_bush(mesh, rng, x, y, radius)
            light.ball(x, y, radius, radius)
    for parcel in parcels[::3]:
        middle, half = parcel.mean(axis=0), 0.32 * np.ptp(parcel, axis=0)
        for dx in np.arange(-half[0], half[0], 11.0):
            for dy in np.arange(-half[1], half[1], 17.0):
                if rng.random() < 0.6:
                    x, y = middle + np.asarray((dx, dy)) + rng.uniform(-3, 3, 2)
                    low, high = (float(x), float(y)), (float(x) + rng.uniform(1.2, 2.2), float(y) + 1.3)
                    mesh.box("gravel", (*low, 0.0), (*high, 1.2), 3.0, (1.0, 0.86, 0.55), (0.95, 0.75, 0.8, 0.5, 1.0))
                    light.block(low, high, 1.2)


def _ground(grain: Grain, picture: np.ndarray) -> NodePath:
    """Return the ground with fine grain on top, mirrored outwards to the horizon."""
    root = NodePath("ground")
    land = to_texture(picture)
    grit = np.clip(0.88 + 0.09 * grain.patch(512, 512) + 0.15 * grain.patch(512, 512, 0.5), 0.3, 1.0)
    stage = TextureStage("grit")
    stage.set_sort(10)
    detail = to_texture(materials.tint(grit, (1.0, 1.0, 1.0)))
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            mesh = Mesh()
            ax, ay = LOW[0] + i * SIDE_M, LOW[1] + j * SIDE_M
            corners = [(ax, ay, 0), (ax + SIDE_M, ay, 0), (ax + SIDE_M, ay + SIDE_M, 0), (ax, ay + SIDE_M, 0)]
            u, v = ((1, 0) if i else (0, 1)), ((1, 0) if j else (0, 1))
            mesh.polygon("land", corners, [(u[0], v[0]), (u[1], v[0]), (u[1], v[1]), (u[0], v[1])])
            node = mesh.build("land", {"land": land})
            node.set_texture(stage, detail)
            node.set_tex_scale(stage, 40.0, 40.0)
            scene.ground(node, 10).reparent_to(root)
    return root


def _vehicles(result: scene.Scene, rng: np.random.Generator, tracks: list[Line]) -> None:
    for k, (a, b) in enumerate(tracks[:8]):
        car = vehicles.car(result.textures, vehicles.PAINTS[rng.integers(len(vehicles.PAINTS))], vehicles.KINDS[k % 3])
        speed, start = rng.uniform(3, 9), rng.uniform(0, 50)
        length = float(np.hypot(*(b - a)))
        ahead = (b - a) / length
        heading = math.degrees(math.atan2(ahead[1], ahead[0]))

        def where(
            t_s: float,
            a: np.ndarray = a,
            ahead: np.ndarray = ahead,
            drive: tuple[float, ...] = (start, speed, length, heading),
        ) -> scene.Placement:
            x, y = a + ahead * ((drive[0] + drive[1] * t_s) % drive[2])
            return (float(x), float(y), 0.0, drive[3])

        result.add(car, where)
