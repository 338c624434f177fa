"""Painted surfaces: float32 pictures (H x W x 3, 0..1) with structure at every scale, from a seeded generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from simnet.world.rendering.noise import Grain

Colour = tuple[float, float, float]


def tint(value: np.ndarray, colour: Colour) -> np.ndarray:
    """Return the picture (H x W x 3) of a brightness map (H x W) times a colour."""
    shades = np.asarray(colour, np.float32)
    picture = np.empty((*value.shape, 3), np.result_type(value, shades))
    for channel, shade in enumerate(shades):  # a product with one number at a time, not with three
        np.multiply(value, shade, out=picture[..., channel])
    return picture


def mottled(grain: Grain, height: int, width: int, colour: Colour, strength: float = 0.1) -> np.ndarray:
    """Return a colour modulated by natural noise, slightly in hue too."""
    value = 1.0 + strength * (0.7 * grain.patch(height, width) + 0.5 * grain.patch(height, width, 0.5))
    picture = tint(value, colour)
    warmth = 0.25 * strength * grain.patch(height, width, 1.6)
    picture[..., 0] *= 1.0 + warmth
    picture[..., 2] *= 1.0 - warmth
    return picture


def brick(
    rng: np.random.Generator, grain: Grain, height: int, width: int, pixels_per_m: float, colour: Colour
) -> np.ndarray:
    """Return brickwork in running bond, with one shade per brick and mortar joints."""
    course, length = max(2.0, 0.12 * pixels_per_m), max(5.0, 0.32 * pixels_per_m)
    row = (np.arange(height) / course).astype(int)
    # Every second course is moved by half a brick: two lines say where bricks end in all of them.
    along = np.arange(width)[None] / length + np.array([[0.0], [0.5]])
    column = along.astype(int)
    shades = (1.0 + 0.16 * rng.standard_normal((row[-1] + 1, int(column.max()) + 1))).astype(np.float32)
    value = shades[row[:, None], column[row % 2]]
    picture = tint(value, colour) + mottled(grain, height, width, (0.0, 0.0, 0.0))
    joint = (np.arange(height) % course < 1.0)[:, None] | (along % 1.0 < 1.0 / length)[row % 2]
    picture[joint] = 0.35 * picture[joint] + 0.65 * np.asarray((1.0, 1.0, 1.0), np.float32)
    return picture * (1.0 + 0.09 * grain.patch(height, width))[..., None]


def plaster(grain: Grain, height: int, width: int, colour: Colour) -> np.ndarray:
    """Return a plastered wall with damp patches and vertical streaks."""
    picture = mottled(grain, height, width, colour, 0.05)
    streaks = cv2.blur(grain.patch(height, width, 0.5), (1, 61), borderType=cv2.BORDER_REFLECT)
    return picture * (1.0 + 0.10 * streaks - 0.06 * np.maximum(grain.patch(height, width), 0.5))[..., None]


def asphalt(grain: Grain, height: int, width: int) -> np.ndarray:
    """Return worn asphalt with grit, cloudy wear and hairline cracks."""
    picture = mottled(grain, height, width, (0.47, 0.47, 0.48), 0.09)
    cracks = np.abs(grain.patch(height, width)) < 0.012
    wear = grain.patch(height, width, 1.6) > 0.6
    picture[cracks & wear] *= 0.62
    return picture * (1.0 + 0.10 * grain.patch(height, width, 0.5))[..., None]


def slabs(rng: np.random.Generator, grain: Grain, height: int, width: int, pixels: int) -> np.ndarray:
    """Return paving of square slabs of `pixels` a side with dark joints and one shade per slab."""
    rows, columns = -(-height // pixels), -(-width // pixels)
    shade = 1.0 + 0.07 * rng.standard_normal((rows, columns)).astype(np.float32)
    value = shade.repeat(pixels, axis=0).repeat(pixels, axis=1)[:height, :width]
    picture = tint(value, (0.70, 0.68, 0.64)) * mottled(grain, height, width, (1.0, 1.0, 1.0), 0.09)
    joint = max(1, pixels // 16)
    dark = (np.arange(height) % pixels < joint)[:, None] | (np.arange(width) % pixels < joint)[None]
    picture[dark] *= 0.6
    return picture


def grass(grain: Grain, height: int, width: int) -> np.ndarray:
    """Return rough grass with lush and dry patches."""
    blades = 1.0 + 0.22 * grain.patch(height, width, 0.5) + 0.16 * grain.patch(height, width)
    dry = np.clip(0.5 + 0.4 * grain.patch(height, width, 1.6), 0.0, 1.0)[..., None]
    colour = dry * np.asarray((0.52, 0.50, 0.27), np.float32) + (1 - dry) * np.asarray((0.27, 0.41, 0.17), np.float32)
    return (blades[..., None] * colour).astype(np.float32)


def tiles(rng: np.random.Generator, grain: Grain, height: int, width: int, colour: Colour) -> np.ndarray:
    """Return roof tiles in rows, lit from above, with moss and differing tiles."""
    row, column = np.arange(height) // 8, np.arange(width) // 6
    shade = 1.0 + 0.12 * rng.standard_normal((row[-1] + 1, column[-1] + 1)).astype(np.float32)
    value = shade[row[:, None], column[None]] * (0.75 + 0.5 * (np.arange(height) % 8) / 8)[:, None]
    value = value * np.where(np.arange(width) % 6 == 0, 0.8, 1.0)[None]
    picture = tint(value.astype(np.float32), colour) * mottled(grain, height, width, (1.0, 1.0, 1.0), 0.12)
    moss = np.clip(grain.patch(height, width) - 0.9, 0.0, 0.6)[..., None]
    return picture * (1 - moss) + moss * np.asarray((0.25, 0.30, 0.14), np.float32)


def foliage(rng: np.random.Generator, grain: Grain, size: int) -> np.ndarray:
    """Return a tree crown (size x size x 4): leaf clumps lit from above, with transparent holes."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size * 2 - 1
    value = np.zeros((size, size), np.float32)
    reach = 0.86 + 0.10 * grain.patch(size, size)
    cover = (np.hypot(x, y) < reach).astype(np.float32)
    cover *= grain.patch(size, size, 0.5) > -1.25
    for _ in range(60):
        angle, far = rng.uniform(0, 2 * np.pi), 0.8 * np.sqrt(rng.random())
        cx, cy, r = far * np.cos(angle), far * np.sin(angle), rng.uniform(0.12, 0.28)
        inside = np.hypot(x - cx, y - cy) / r
        lump = np.clip(1.0 - inside, 0.0, 1.0) * np.clip(0.75 - 0.6 * (y - cy) / r, 0.2, 1.4)
        value = np.maximum(value, lump.astype(np.float32))
    value = 0.42 + 0.75 * value + 0.16 * grain.patch(size, size, 0.5) - 0.18 * y
    picture = tint(value, (0.33, 0.45, 0.19)) * mottled(grain, size, size, (1.0, 1.0, 1.0), 0.12)
    return np.dstack([np.clip(picture, 0.02, 1.0), cover])


def sky(grain: Grain, height: int, width: int) -> np.ndarray:
    """Return a sky with the horizon at the bottom row: gradient, haze, broken clouds. It tiles horizontally."""
    up = np.linspace(1.0, 0.0, height, dtype=np.float32)[:, None, None]
    picture = (1 - up) * np.asarray((0.80, 0.85, 0.90), np.float32) + up * np.asarray((0.30, 0.48, 0.78), np.float32)
    base = grain.patch(height, width, 1.6)
    cloud = np.clip(0.55 * base + 0.22 * grain.patch(height, width) - 0.05, 0.0, 1.0)[..., None]
    shade = np.clip(0.93 - 0.12 * np.maximum(base, 0.0), 0.6, 1.0)[..., None]
    picture = picture * (1 - 0.9 * cloud) + 0.9 * cloud * shade
    return picture + 0.01 * grain.patch(height, width, 0.5)[..., None]
