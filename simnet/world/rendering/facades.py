"""Painted house fronts: walls, windows with reflections, doors, shops, ledges and the dirt below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simnet.world.rendering import materials

if TYPE_CHECKING:
    from simnet.world.rendering.noise import Grain

SIZE = 512
_WALLS = (
    (0.62, 0.36, 0.27),
    (0.52, 0.30, 0.24),
    (0.70, 0.52, 0.38),
    (0.84, 0.76, 0.60),
    (0.80, 0.78, 0.73),
    (0.72, 0.66, 0.62),
    (0.66, 0.70, 0.66),
    (0.87, 0.69, 0.52),
)
_SIGNS = ((0.62, 0.12, 0.12), (0.12, 0.25, 0.50), (0.10, 0.36, 0.22), (0.80, 0.62, 0.15), (0.2, 0.2, 0.2))


@dataclass(frozen=True, slots=True)
class Facade:
    """A painted front (SIZE x SIZE x 3, float32) and the size of the house in metres.

    The sides of the house use the neutral `wall` texture (`brick` or `plaster`) in its `colour`.
    """

    picture: np.ndarray
    wall: str
    colour: materials.Colour
    width_m: float
    height_m: float


def paint(rng: np.random.Generator, grain: Grain) -> Facade:
    """Return a new front; `rng` draws its size, colours and windows."""
    bays, floors = int(rng.integers(3, 8)), int(rng.integers(2, 6))
    width_m, height_m = bays * rng.uniform(2.4, 3.4), 3.2 * floors + 1.0
    colour = _WALLS[rng.integers(len(_WALLS))]
    wall = "brick" if rng.random() < 0.55 else "plaster"
    picture = paint_wall(rng, grain, SIZE / width_m, wall) * np.asarray(colour, np.float32)
    top = int(SIZE * 0.7 / height_m)
    floor = (SIZE - top) / floors
    style = (rng.uniform(0.38, 0.62), rng.uniform(0.5, 0.68), int(rng.integers(1, 3)), float(rng.uniform(0.55, 0.95)))
    for k in range(floors - 1):
        for bay in range(bays):
            _window(rng, grain, picture, (top + k * floor, bay * SIZE / bays), (floor, SIZE / bays), style)
        ledge = round(top + (k + 1) * floor)
        picture[ledge - 3 : ledge] *= 1.12
        picture[ledge : ledge + 4] *= 0.72
    _ground_floor(rng, grain, picture, round(top + (floors - 1) * floor), bays)
    picture[: top // 2] *= 1.10
    picture[top // 2 : top] *= np.linspace(0.5, 0.95, top - top // 2)[:, None, None]
    _weather(grain, picture)
    return Facade(picture, wall, colour, width_m, height_m)


def paint_wall(rng: np.random.Generator, grain: Grain, pixels_per_m: float, wall: str) -> np.ndarray:
    """Return a neutral wall (SIZE x SIZE x 3), to be multiplied by a colour."""
    if wall == "brick":
        return materials.brick(rng, grain, SIZE, SIZE, pixels_per_m, (0.93, 0.93, 0.93))
    return materials.plaster(grain, SIZE, SIZE, (0.93, 0.93, 0.93))


def _window(
    rng: np.random.Generator,
    grain: Grain,
    picture: np.ndarray,
    corner: tuple[float, float],
    cell: tuple[float, float],
    style: tuple[float, float, int, float],
) -> None:
    """Paint one window: frame, glass or curtain, the reveal's shadow at top and left, a sill and a streak below it."""
    share_w, share_h, panes, frame = style
    height, width = int(cell[0] * share_h), int(cell[1] * share_w)
    y, x = int(corner[0] + cell[0] * 0.18), int(corner[1] + (cell[1] - width) / 2)
    if height < 8 or width < 6:
        return
    glass = _glass(rng, grain, height, width)
    edge = max(1, width // 14)
    glass[:edge] = glass[-edge:] = frame
    glass[:, :edge] = glass[:, -edge:] = frame
    for k in range(1, panes + 1):
        bar = k * width // (panes + 1)
        glass[:, bar - edge // 2 : bar + edge // 2 + 1] = 0.9 * frame
    glass[height // 3 : height // 3 + edge] = 0.92 * frame
    glass[: height // 10 + 1] *= 0.45
    glass[:, : width // 10 + 1] *= 0.6
    picture[y : y + height, x : x + width] = glass
    picture[y + height : y + height + edge + 1, max(0, x - edge) : x + width + edge] = 0.9 * frame
    below = picture[y + height + edge + 1 : y + height + edge + 1 + int(cell[0] * 0.2), x : x + width]
    below *= np.linspace(0.66, 1.0, len(below), dtype=np.float32)[:, None, None]


def _glass(rng: np.random.Generator, grain: Grain, height: int, width: int) -> np.ndarray:
    dark = rng.uniform(0.10, 0.30)
    shine = np.linspace(rng.uniform(0.0, 0.35), 0.0, height, dtype=np.float32)[:, None]
    value = np.clip(dark + shine + 0.06 * grain.patch(height, width, 1.6), 0.03, 0.8)
    glass = materials.tint(value, (0.85, 0.97, 1.12))
    kind = rng.random()
    if kind < 0.35:
        curtain = 0.55 + 0.12 * np.sin(np.arange(width) * rng.uniform(0.8, 1.6)) + 0.1 * rng.standard_normal()
        side = int(width * rng.uniform(0.15, 0.5))
        glass[:, :side] = curtain[:side, None] * np.asarray((0.95, 0.9, 0.8))
        glass[:, width - side :] = curtain[width - side :, None] * np.asarray((0.95, 0.9, 0.8))
    elif kind < 0.55:
        drop = int(height * rng.uniform(0.15, 0.8))
        slats = 0.62 + 0.12 * (np.arange(drop) % 4 < 2)
        glass[:drop] = slats[:, None, None] * np.asarray((1.0, 0.97, 0.9))
    return glass.astype(np.float32)


def _ground_floor(rng: np.random.Generator, grain: Grain, picture: np.ndarray, top: int, bays: int) -> None:
    """Paint a shop with a sign, or a door between windows."""
    height, bay = SIZE - top, SIZE / bays
    door = int(rng.integers(bays))
    if rng.random() < 0.45:
        sign = np.asarray(_SIGNS[rng.integers(len(_SIGNS))], np.float32)
        picture[top + height // 10 : top + height // 4] = sign * rng.uniform(0.8, 1.1)
        _lettering(rng, picture[top + height // 8 : top + height // 4 - height // 40])
        for k in range(bays):
            pane = _glass(rng, grain, int(height * 0.58), int(bay * 0.84))
            _shelves(rng, pane)
            y, x = top + int(height * 0.3), int(k * bay + bay * 0.08)
            picture[y : y + pane.shape[0], x : x + pane.shape[1]] = pane
    else:
        picture[top:] *= rng.uniform(0.75, 0.95)
        style = (0.5, 0.52, 1, 0.85)
        for k in range(bays):
            _window(rng, grain, picture, (top, k * bay), (float(height), bay), style)
    x, y = int(door * bay + bay * 0.3), top + int(height * 0.28)
    colour = np.asarray(_SIGNS[rng.integers(len(_SIGNS))], np.float32)
    panel = picture[y:, x : x + int(bay * 0.4)]
    panel[...] = colour * (1 + 0.08 * grain.patch(*panel.shape[:2]))[..., None]
    panel[: len(panel) // 12] *= 0.4
    panel[len(panel) // 2 :, panel.shape[1] // 4 : -panel.shape[1] // 4] *= 0.8


def _lettering(rng: np.random.Generator, strip: np.ndarray) -> None:
    """Paint strokes that look like letters from across the road."""
    height, width = strip.shape[:2]
    x = int(width * rng.uniform(0.05, 0.4))
    for _ in range(int(rng.integers(6, 16))):
        stroke = max(2, height // 6)
        if x + height >= width:
            return
        strip[:, x : x + stroke] = 0.92
        strip[int(rng.integers(0, 3)) * height // 3 :][:stroke, x : x + int(height * 0.6)] = 0.92
        if rng.random() < 0.5:
            strip[:, x + int(height * 0.5) : x + int(height * 0.5) + stroke] = 0.92
        x += int(height * rng.uniform(0.8, 1.1))


def _shelves(rng: np.random.Generator, pane: np.ndarray) -> None:
    height, width = pane.shape[:2]
    for _ in range(14):
        y, x = int(rng.integers(height // 3, height)), int(rng.integers(width))
        size = rng.integers(3, max(4, width // 6), 2)
        pane[max(0, y - size[0]) : y, x : x + size[1]] = rng.uniform(0.1, 0.75, 3)


def _weather(grain: Grain, picture: np.ndarray) -> None:
    """Paint dirt near the ground and under the roof, cloudy soot, and grit everywhere."""
    down = np.linspace(0.0, 1.0, SIZE, dtype=np.float32)[:, None]
    dirt = 1.0 - 0.28 * np.clip((down - 0.86) * 7, 0, 1) * (0.7 + 0.3 * grain.patch(SIZE, SIZE)) - 0.06 * (1 - down)
    soot = 1.0 + 0.07 * grain.patch(SIZE, SIZE) + 0.05 * grain.patch(SIZE, SIZE, 0.5)
    picture *= (dirt * soot)[..., None]
