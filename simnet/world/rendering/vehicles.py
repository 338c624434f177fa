"""Cars and drones: small solid bodies with the nose towards +x, wheels on z = 0, and the centre at the origin."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from simnet.world.rendering import materials
from simnet.world.rendering.mesh import Colour, Mesh, times

if TYPE_CHECKING:
    from panda3d.core import NodePath, Texture

    from simnet.world.rendering.noise import Grain

PAINTS: tuple[Colour, ...] = (
    (0.75, 0.76, 0.78),
    (0.16, 0.17, 0.19),
    (0.90, 0.90, 0.88),
    (0.55, 0.10, 0.10),
    (0.12, 0.22, 0.45),
    (0.35, 0.37, 0.40),
    (0.20, 0.36, 0.26),
    (0.78, 0.58, 0.22),
)
LENGTH_M, WIDTH_M = 4.3, 1.8
_GLASS: Colour = (0.17, 0.21, 0.25)
# The outline from the front bumper over the roof to the rear bumper: (x, z, type of the strip to the next point).
_OUTLINES = {
    "saloon": (
        (2.15, 0.3, "paint"), (2.12, 0.72, "paint"), (1.05, 0.92, "glass"), (0.35, 1.40, "paint"),
        (-0.85, 1.42, "glass"), (-1.45, 1.0, "paint"), (-2.1, 0.95, "paint"), (-2.15, 0.3, "paint"),
    ),
    "van": (
        (2.2, 0.3, "paint"), (2.18, 0.9, "paint"), (1.6, 1.15, "glass"), (1.05, 1.9, "paint"),
        (-0.9, 1.95, "paint"), (-2.1, 1.9, "glass"), (-2.2, 1.1, "paint"), (-2.22, 0.3, "paint"),
    ),
    "hatchback": (
        (1.95, 0.3, "paint"), (1.92, 0.75, "paint"), (1.1, 0.95, "glass"), (0.4, 1.46, "paint"),
        (-1.2, 1.48, "glass"), (-1.8, 0.95, "paint"), (-1.9, 0.7, "paint"), (-1.92, 0.3, "paint"),
    ),
}  # fmt: skip
KINDS = tuple(_OUTLINES)


def textures(grain: Grain) -> dict[str, np.ndarray]:
    """Return the texture pictures of vehicle bodies."""
    paint = materials.mottled(grain, 128, 128, (0.9, 0.9, 0.9), 0.05)
    paint *= np.linspace(1.1, 0.8, 128, dtype=np.float32)[:, None, None]
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    radius = np.hypot(x, y)
    spokes = 0.55 + 0.25 * np.sign(np.sin(5 * np.arctan2(y, x)))
    wheel = np.where(radius < 0.6, spokes, 0.10) * (1 - 0.4 * (radius < 0.14))
    shadow = np.zeros((64, 64, 4), np.float32)
    shadow[..., 3] = 0.62 * np.clip((1.0 - np.maximum(np.abs(x), np.abs(y))) * 4.0, 0.0, 1.0)
    return {"body": paint, "wheel": materials.tint(wheel.astype(np.float32), (1.0, 1.0, 1.0)), "blob": shadow}


def add_car(
    mesh: Mesh, paint: Colour, kind: str, place: tuple[float, float] = (0.0, 0.0), turn_deg: float = 0.0
) -> None:
    """Add a car to `mesh` with its centre at `place` (x, y) and its nose `turn_deg` counter-clockwise from east."""
    with mesh.body("car"):
        _add_car(mesh, paint, kind, place, turn_deg)


def _add_car(mesh: Mesh, paint: Colour, kind: str, place: tuple[float, float], turn_deg: float) -> None:
    outline = _OUTLINES[kind]
    half = WIDTH_M / 2 + (0.1 if kind == "van" else 0.0)
    put = _Placer(place, turn_deg)
    uv = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    for (x0, z0, what), (x1, z1, _) in pairwise(outline):
        inset0, inset1 = _inset(z0), _inset(z1)
        slope = abs(x1 - x0) / (abs(x1 - x0) + abs(z1 - z0))
        light = 0.62 + 0.45 * slope
        colour = times(light, _GLASS if what == "glass" else paint)
        corners = [(x0, -half + inset0, z0), (x0, half - inset0, z0), (x1, half - inset1, z1), (x1, -half + inset1, z1)]
        mesh.polygon("body", put(corners), uv, colour)
    for side in (-1.0, 1.0):
        _side(mesh, put, outline, side, half, times(0.85 if side < 0 else 0.6, paint))
    _lamps(mesh, put, outline, half)


def _side(mesh: Mesh, put: _Placer, outline: tuple, side: float, half: float, colour: Colour) -> None:
    """Add one side of the car: the lower body, the windows above the belt line, and two wheels."""
    front, rear = outline[0][0], outline[-1][0]
    points = [(x, z) for x, z, _ in outline]
    first, last = (k for k, (_, _, what) in enumerate(outline) if what == "glass")
    lower, upper = points[: first + 1] + points[last + 1 :], points[first : last + 2]
    middle = np.mean(upper, axis=0) + np.asarray((0.0, 0.02))
    glass = [tuple(middle + 0.84 * (np.asarray(point) - middle)) for point in upper]
    order = slice(None) if side < 0 else slice(None, None, -1)
    for flank, out, paint in ((lower, 0.0, colour), (upper, 0.0, colour), (glass, 0.03, times(0.9, _GLASS))):
        corners = [(x, side * (half + out - _inset(z)), z) for x, z in flank][order]
        uv = [((x - rear) / (front - rear), z / 2.0) for x, _, z in corners]
        mesh.polygon("body", put(corners), uv, paint)
    post = float(middle[0])
    low, high = glass[0][1], glass[1][1]
    strip = [(post + 0.06, low), (post + 0.06, high), (post - 0.06, high), (post - 0.06, low)][order]
    mesh.polygon("body", put([(x, side * (half + 0.05 - _inset(z)), z) for x, z in strip]), [(0.5, 0.5)] * 4, colour)
    turn = np.linspace(0.0, -2.0 * np.pi, 8, endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn)], axis=1)[:: int(side)]
    for x in (front - 0.75, rear + 0.75):
        ring = [(x + 0.33 * a, side * (half + 0.02), 0.33 + 0.33 * b) for a, b in rim]
        mesh.polygon("wheel", put(ring), 0.5 + 0.5 * rim)


def _lamps(mesh: Mesh, put: _Placer, outline: tuple, half: float) -> None:
    front, rear = outline[0][0] + 0.02, outline[-1][0] - 0.03
    for y in (-half + 0.3, half - 0.3):
        for x, colour, z, way in ((front, (0.95, 0.95, 0.85), 0.62, 1.0), (rear, (0.7, 0.06, 0.05), 0.72, -1.0)):
            corners = [
                (x, y - 0.2 * way, z),
                (x, y + 0.2 * way, z),
                (x, y + 0.2 * way, z + 0.16),
                (x, y - 0.2 * way, z + 0.16),
            ]
            mesh.polygon("body", put(corners), [(0.5, 0.9)] * 4, colour)
    for x, way in ((front, 1.0), (rear, -1.0)):
        corners = [(x, -0.26 * way, 0.42), (x, 0.26 * way, 0.42), (x, 0.26 * way, 0.54), (x, -0.26 * way, 0.54)]
        mesh.polygon("body", put(corners), [(0.5, 0.9)] * 4, (0.9, 0.88, 0.75))


class _Placer:
    """Transform of corners from body axes to world axes: rotation and translation."""

    def __init__(self, place: tuple[float, float], turn_deg: float) -> None:
        self._place = (*place, 0.0)
        cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
        self._turn = np.asarray([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])

    def __call__(self, corners: list[tuple[float, float, float]]) -> np.ndarray:
        return np.asarray(corners) @ self._turn + self._place


def car(textures: dict[str, Texture], paint: Colour, kind: str) -> NodePath:
    """Return a movable car with a soft shadow below it."""
    mesh = Mesh()
    add_car(mesh, paint, kind)
    node = mesh.build("car", textures)
    shade(2.5, 1.25, textures).reparent_to(node)
    return node


def shade(half_length: float, half_width: float, textures: dict[str, Texture]) -> NodePath:
    """Return the soft shadow of an object on the ground."""
    mesh = Mesh()
    a, b = half_length, half_width
    mesh.polygon("blob", [(-a, -b, 0), (a, -b, 0), (a, b, 0), (-a, b, 0)], [(0, 0), (1, 0), (1, 1), (0, 1)])
    node = mesh.build("shade", textures)
    node.set_transparency(True)
    node.set_bin("background", 30)
    node.set_depth_test(False)
    node.set_depth_write(False)
    node.set_pos(0.25, 0.35, 0.0)
    return node


def drone(textures: dict[str, Texture]) -> NodePath:
    """Return a quadcopter of 1.2 m; its centre, not its feet, is at the origin."""
    mesh = Mesh()
    with mesh.body("drone"):
        mesh.box("body", (-0.2, -0.12, -0.06), (0.2, 0.12, 0.08), 1.0, (0.75, 0.76, 0.78))
        for x in (-0.42, 0.42):
            for y in (-0.42, 0.42):
                mesh.box("body", (min(0, x), y - 0.02, 0.0), (max(0, x), y + 0.02, 0.03), 1.0, (0.5, 0.5, 0.5))
                mesh.box("wheel", (x - 0.2, y - 0.2, 0.06), (x + 0.2, y + 0.2, 0.08), 0.4, (0.9, 0.9, 0.95))
    return mesh.build("drone", textures)


def _inset(z: float) -> float:
    """Return the inward offset of the car's side at height `z`."""
    return max(0.0, z - 0.9) * 0.35
