"""Rendered scenes: a static part, and moving objects whose placement depends on time only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from panda3d.core import NodePath, Texture

from simnet.world.rendering import materials, vehicles
from simnet.world.rendering.mesh import Mesh
from simnet.world.rendering.renderer import to_texture

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.world.rendering.noise import Grain

Placement = tuple[float, float, float, float]
"""x, y, z in metres and heading in degrees."""


@dataclass(slots=True)
class Scene:
    """A scene graph, its textures, and its moving parts."""

    root: NodePath
    textures: dict[str, Texture]
    movers: list[tuple[NodePath, Callable[[float], Placement]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # The default order follows memory addresses, and of two surfaces at equal depth the later one is visible.
        self.root.set_bin("unsorted", 0)

    def at(self, t_s: float) -> None:
        """Move all moving objects to their placements at `t_s`."""
        for node, where in self.movers:
            x, y, z, heading = where(t_s)
            node.set_pos_hpr(x, y, z, heading, 0.0, 0.0)

    def add(self, node: NodePath, where: Callable[[float], Placement]) -> None:
        """Add a moving `node`, placed by `where` at each time."""
        node.reparent_to(self.root)
        self.movers.append((node, where))


def load(pictures: dict[str, np.ndarray]) -> dict[str, Texture]:
    """Return textures made from painted pictures."""
    return {name: to_texture(picture) for name, picture in pictures.items()}


def common(rng: np.random.Generator, grain: Grain) -> dict[str, np.ndarray]:
    """Return the pictures that every scene needs: vehicle bodies, trees, posts."""
    pictures = vehicles.textures(grain)
    pictures["leaves"] = np.hstack([materials.foliage(rng, grain, 256) for _ in range(2)])
    return pictures


def ground(node: NodePath, order: int) -> NodePath:
    """Make `node` a ground layer: drawn before all else, in `order`, so layers need no difference in depth."""
    node.set_bin("background", order)
    node.set_depth_test(False)
    node.set_depth_write(False)
    return node


def sky(grain: Grain, radius_m: float = 700.0) -> NodePath:
    """Return a sky dome with clouds."""
    mesh = Mesh()
    columns, rows = 20, 5
    for k in range(columns):
        for j in range(rows):
            corners, uv = [], []
            for i, r in ((k + 1, j), (k, j), (k, j + 1), (k + 1, j + 1)):
                a, e = 2 * np.pi * i / columns, np.pi / 2 * (r / rows) ** 1.5 - 0.03
                corners.append((np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)))
                uv.append((2 * i / columns, 0.002 + 0.996 * r / rows))
            mesh.polygon("sky", radius_m * np.asarray(corners), uv)
    node = mesh.build("sky", {"sky": to_texture(materials.sky(grain, 512, 512))})
    node.set_two_sided(True)
    return ground(node, 0)
