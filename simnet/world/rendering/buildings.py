"""Houses: a painted front, plain sides, a flat or pitched roof, and relief that makes parallax visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simnet.world.rendering import facades, materials
from simnet.world.rendering.mesh import Colour, times

if TYPE_CHECKING:
    from simnet.world.rendering.lightmap import LightMap
    from simnet.world.rendering.mesh import Mesh
    from simnet.world.rendering.noise import Grain

_ROOFS: tuple[Colour, ...] = ((0.66, 0.32, 0.22), (0.40, 0.38, 0.40), (0.54, 0.40, 0.30))
SUNNY: Colour = (1.0, 0.98, 0.93)
SHADY: Colour = (0.60, 0.64, 0.74)


class Houses:
    """A stock of painted fronts and roofs; its methods build rows of houses and single houses from them."""

    def __init__(self, rng: np.random.Generator, grain: Grain, kinds: int = 9) -> None:
        self._rng = rng
        self.fronts = [facades.paint(rng, grain) for _ in range(kinds)]
        self.pictures: dict[str, np.ndarray] = {}
        for k, front in enumerate(self.fronts):
            self.pictures[f"front{k}"] = front.picture
        for wall in ("brick", "plaster"):
            self.pictures[wall] = facades.paint_wall(rng, grain, facades.SIZE / 8.0, wall)
        self.pictures["roof"] = materials.tiles(rng, grain, 256, 256, (0.9, 0.9, 0.9))
        self.pictures["gravel"] = materials.mottled(grain, 256, 256, (0.55, 0.53, 0.50), 0.22)

    def row(
        self,
        mesh: Mesh,
        light: LightMap | None,
        along: tuple[float, float],
        y: float,
        *,
        faces_south: bool,
        gap: tuple[float, float] = (0.0, 3.0),
        within: bool = False,
    ) -> None:
        """Build houses from x = along[0] to along[1] with fronts near the line `y`; without `light`, plainer houses.

        The last house may extend beyond the end unless `within` is set.
        """
        x = along[0]
        while x < along[1]:
            kind = int(self._rng.integers(len(self.fronts)))
            front = self.fronts[kind]
            if within and x + front.width_m > along[1]:
                kind = min(range(len(self.fronts)), key=lambda k: self.fronts[k].width_m)
                front = self.fronts[kind]
                if x + front.width_m > along[1]:
                    return
            deep = self._rng.uniform(9.0, 13.0)
            line = y + self._rng.uniform(0.0, 1.4) * (1 if faces_south else -1)
            low = (x, line if faces_south else line - deep)
            high = (x + front.width_m, line + deep if faces_south else line)
            self.house(mesh, kind, low, high, faces_south=faces_south, relief=light is not None)
            if light is not None:
                light.block(low, high, front.height_m)
            x += front.width_m
            if self._rng.random() < 0.4:
                x += self._rng.uniform(*gap)

    def house(
        self,
        mesh: Mesh,
        kind: int,
        low: tuple[float, float],
        high: tuple[float, float],
        *,
        faces_south: bool,
        relief: bool = True,
    ) -> None:
        """Build one house with front `kind` on the rectangle `low` to `high`, with or without `relief` on its front."""
        front = self.fronts[kind]
        (ax, ay), (bx, by) = low, high
        height = front.height_m
        vary = float(self._rng.uniform(0.82, 1.05))
        sunny, shady = times(vary, SUNNY), times(vary, SHADY)
        plain = (0.0, 0.0, front.width_m / 8.0, height / 8.0)
        south, north = ((ax, ay), (bx, ay), 0.0, height), ((bx, by), (ax, by), 0.0, height)
        if faces_south:
            mesh.wall(f"front{kind}", *south, colours=sunny)
            mesh.wall(front.wall, *north, plain, times(front.colour, shady))
        else:
            mesh.wall(front.wall, *south, plain, times(front.colour, sunny))
            mesh.wall(f"front{kind}", *north, colours=shady)
        side = (0.0, 0.0, (by - ay) / 8.0, height / 8.0)
        lit, dark = times(front.colour, sunny), times(front.colour, shady)
        mesh.wall(front.wall, (bx, ay), (bx, by), 0, height, side, [dark, dark, dark, times(0.72, dark)])
        mesh.wall(front.wall, (ax, by), (ax, ay), 0, height, side, [lit, lit, lit, times(0.7, lit)])
        if self._rng.random() < 0.55:
            self._gable(mesh, kind, low, high, height)
        else:
            self._flat(mesh, low, high, height)
        if relief:
            self._relief(mesh, kind, low, high, faces_south=faces_south)

    def cottage(self, mesh: Mesh, low: tuple[float, float], high: tuple[float, float], height: float) -> None:
        """Build a plain house or barn with a pitched roof."""
        kind = int(self._rng.integers(len(self.fronts)))
        front = self.fronts[kind]
        mesh.box(front.wall, (*low, 0.0), (*high, height), 8.0, front.colour, (1.0, 0.75, 0.9, 0.6, 1.0))
        self._gable(mesh, kind, low, high, height)

    def _gable(self, mesh: Mesh, kind: int, low: tuple[float, float], high: tuple[float, float], height: float) -> None:
        (ax, ay), (bx, by) = low, high
        front, tiles = self.fronts[kind], _ROOFS[int(self._rng.integers(len(_ROOFS)))]
        ridge, middle, over = height + 0.36 * (by - ay), (ay + by) / 2, 0.4
        u, v = (bx - ax) / 6.0, (by - ay) / 10.0
        south = [(ax, ay - over, height - 0.2), (bx, ay - over, height - 0.2), (bx, middle, ridge), (ax, middle, ridge)]
        north = [(bx, by + over, height - 0.2), (ax, by + over, height - 0.2), (ax, middle, ridge), (bx, middle, ridge)]
        uv = [(0, 0), (u, 0), (u, v), (0, v)]
        mesh.polygon("roof", south, uv, tiles)
        mesh.polygon("roof", north, uv, times(tiles, SHADY))
        for x, order in ((ax, -1), (bx, 1)):
            corners = [(x, ay, height), (x, by, height), (x, middle, ridge)][::order]
            colour = times(front.colour, SHADY if order > 0 else SUNNY)
            mesh.polygon(front.wall, corners, [(y / 8.0, z / 8.0) for _, y, z in corners], colour)
        x = self._rng.uniform(ax + 1, bx - 2)
        mesh.box(front.wall, (x, middle - 0.5, ridge - 1.0), (x + 0.9, middle + 0.5, ridge + 1.0), 8.0, front.colour)

    def _flat(self, mesh: Mesh, low: tuple[float, float], high: tuple[float, float], height: float) -> None:
        (ax, ay), (bx, by) = low, high
        mesh.slab("gravel", low, high, height - 0.02, 5.0)
        rim = ((ax, ay), (bx, ay), (bx, by), (ax, by))
        for k, shade in enumerate((SUNNY, SHADY, SHADY, SUNNY)):
            start, end = rim[k], rim[(k + 1) % 4]
            length = abs(start[0] - end[0]) + abs(start[1] - end[1])
            uv = (0.0, 0.0, length / 5.0, 0.1)
            mesh.wall("gravel", start, end, height, height + 0.45, uv, shade)
            mesh.wall("gravel", end, start, height, height + 0.45, uv, times(0.8, shade))
        for _ in range(int(self._rng.integers(1, 4))):
            x, y = self._rng.uniform(ax + 1, bx - 3), self._rng.uniform(ay + 1, by - 3)
            size = self._rng.uniform(0.8, 2.0, 3)
            mesh.box("gravel", (x, y, height), (x + size[0], y + size[1], height + size[2]), 5.0, (0.8, 0.82, 0.85))

    def _relief(
        self, mesh: Mesh, kind: int, low: tuple[float, float], high: tuple[float, float], *, faces_south: bool
    ) -> None:
        """Add a cornice and occasional bays and balconies in front of the wall."""
        front = self.fronts[kind]
        line = low[1] if faces_south else high[1]
        out = -1.0 if faces_south else 1.0

        def strip(x0: float, x1: float, z0: float, z1: float, reach: float, colour: tuple[float, float, float]) -> None:
            near, far = sorted((line, line + out * reach))
            mesh.box(front.wall, (x0, near, z0), (x1, far, z1), 8.0, times(front.colour, colour))

        strip(low[0], high[0], front.height_m - 0.45, front.height_m - 0.1, 0.35, (1.05, 1.05, 1.05))
        if self._rng.random() < 0.5:
            x = self._rng.uniform(low[0] + 1, high[0] - 4)
            floor = 3.2 * int(self._rng.integers(1, max(2, int(front.height_m / 3.2))))
            strip(x, x + 3.0, floor, floor + 1.1, 1.1, (0.9, 0.9, 0.9))
