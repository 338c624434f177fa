"""Trees and bushes: crossed leaf cards around a trunk, plus horizontal cards for views from above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnet.world.rendering.mesh import Colour, times

if TYPE_CHECKING:
    import numpy as np

    from simnet.world.rendering.lightmap import LightMap
    from simnet.world.rendering.mesh import Mesh

CUT_OUT = ("leaves",)
_BARK = (0.42, 0.33, 0.24)


def add_tree(
    mesh: Mesh, light: LightMap | None, rng: np.random.Generator, x: float, y: float, height: float = 7.0
) -> None:
    """Add a tree and its shadow; the crown begins at a third of its height."""
    radius = height * rng.uniform(0.26, 0.36)
    middle = height - radius
    trunk = 0.03 * height
    mesh.box("body", (x - trunk, y - trunk, 0), (x + trunk, y + trunk, middle), 1.0, _BARK)
    green = (rng.uniform(0.85, 1.15), rng.uniform(0.85, 1.1), rng.uniform(0.8, 1.1))
    _crown(mesh, rng, (x, y, middle), radius, green)
    for _ in range(2):
        angle, part = rng.uniform(0, 2 * math.pi), rng.uniform(0.45, 0.7)
        place = (x + 0.6 * radius * math.cos(angle), y + 0.6 * radius * math.sin(angle), middle - 0.25 * radius)
        _crown(mesh, rng, place, part * radius, green)
    if light is not None:
        light.ball(x, y, middle, radius)
        light.block((x - trunk, y - trunk), (x + trunk, y + trunk), middle)


def add_bush(mesh: Mesh, rng: np.random.Generator, x: float, y: float, radius: float) -> None:
    """Add a bush on the ground."""
    shade = rng.uniform(0.7, 1.0)
    _crown(mesh, rng, (x, y, 0.7 * radius), radius, (shade, shade, shade))


def _crown(
    mesh: Mesh,
    rng: np.random.Generator,
    place: tuple[float, float, float],
    radius: float,
    green: Colour,
) -> None:
    x, y, z = place
    left = 0.5 * int(rng.integers(2))
    first = rng.uniform(0, math.pi)
    uv = ((left, 0), (left + 0.5, 0), (left + 0.5, 1), (left, 1))
    for k in range(3):
        angle = first + k * math.pi / 3
        dx, dy = radius * math.cos(angle), radius * math.sin(angle)
        light = 0.8 + 0.2 * math.cos(angle)
        colour = times(light, green)
        corners = [
            (x - dx, y - dy, z - radius),
            (x + dx, y + dy, z - radius),
            (x + dx, y + dy, z + radius),
            (x - dx, y - dy, z + radius),
        ]
        mesh.polygon("leaves", corners, uv, colour)
    for level, share, light in ((-0.3, 0.9, 0.75), (0.25, 0.85, 0.95), (0.6, 0.6, 1.12)):
        r = share * radius
        h = z + level * radius
        colour = times(light, green)
        mesh.polygon("leaves", [(x - r, y - r, h), (x + r, y - r, h), (x + r, y + r, h), (x - r, y + r, h)], uv, colour)
