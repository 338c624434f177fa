"""Houses: a painted front, plain sides, a flat or pitched roof, and what sticks out so that parallax shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simnet.world import facades, materials

if TYPE_CHECKING:
    from simnet.world.light import LightMap
    from simnet.world.mesh import Mesh
    from simnet.world.noise import Grain

_ROOFS = ((0.55, 0.27, 0.19), (0.34, 0.32, 0.33), (0.45, 0.33, 0.26))
SUNNY, SHADY = (1.0, 0.98, 0.93), (0.60, 0.64, 0.74)


class Houses:
    """A stock of painted fronts and roofs, from which `add` builds rows of houses."""

    def __init__(self, rng: np.random.Generator, grain: Grain, kinds: int = 9) -> None:
        self._rng = rng
        self.fronts = [facades.paint(rng, grain) for _ in range(kinds)]
        self.pictures: dict[str, np.ndarray] = {}
        for k, front in enumerate(self.fronts):
            self.pictures[f"front{k}"] = front.picture
            self.pictures[f"wall{k}"] = front.wall
        for k, colour in enumerate(_ROOFS):
            self.pictures[f"roof{k}"] = materials.tiles(rng, grain, 256, 256, colour)
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
    ) -> None:
        """Build houses from x = along[0] to along[1] whose fronts stand near the line `y`."""
        x = along[0]
        while x < along[1]:
            kind = int(self._rng.integers(len(self.fronts)))
            front = self.fronts[kind]
            deep = self._rng.uniform(9.0, 13.0)
            line = y + self._rng.uniform(0.0, 1.4) * (1 if faces_south else -1)
            low = (x, line if faces_south else line - deep)
            high = (x + front.width_m, line + deep if faces_south else line)
            self.house(mesh, kind, low, high, faces_south=faces_south)
            if light is not None:
                light.block(low, high, front.height_m)
            x += front.width_m
            if self._rng.random() < 0.4:
                x += self._rng.uniform(*gap)

    def house(
        self, mesh: Mesh, kind: int, low: tuple[float, float], high: tuple[float, float], *, faces_south: bool
    ) -> None:
        """Build one house of front `kind` on the rectangle `low` to `high`."""
        front = self.fronts[kind]
        (ax, ay), (bx, by) = low, high
        height = front.height_m
        vary = float(self._rng.uniform(0.82, 1.05))
        sunny, shady = tuple(vary * part for part in SUNNY), tuple(vary * part for part in SHADY)
        names = (f"front{kind}", f"wall{kind}") if faces_south else (f"wall{kind}", f"front{kind}")
        plain = (0.0, 0.0, front.width_m / 8.0, height / 8.0)
        whole = (0.0, 0.0, 1.0, 1.0)
        mesh.wall(names[0], (ax, ay), (bx, ay), 0, height, whole if faces_south else plain, sunny)  # pyright: ignore[reportArgumentType]
        mesh.wall(names[1], (bx, by), (ax, by), 0, height, plain if faces_south else whole, shady)  # pyright: ignore[reportArgumentType]
        side = (0.0, 0.0, (by - ay) / 8.0, height / 8.0)
        dim = tuple(0.72 * part for part in shady)
        mesh.wall(f"wall{kind}", (bx, ay), (bx, by), 0, height, side, [shady, shady, shady, dim])  # pyright: ignore[reportArgumentType]
        mesh.wall(f"wall{kind}", (ax, by), (ax, ay), 0, height, side, [sunny, sunny, sunny, shady])  # pyright: ignore[reportArgumentType]
        if self._rng.random() < 0.55:
            self._gable(mesh, kind, low, high, height)
        else:
            self._flat(mesh, low, high, height)
        self._relief(mesh, kind, low, high, faces_south=faces_south)

    def cottage(self, mesh: Mesh, low: tuple[float, float], high: tuple[float, float], height: float) -> None:
        """Build a plain house or barn with a pitched roof."""
        kind = int(self._rng.integers(len(self.fronts)))
        mesh.box(f"wall{kind}", (*low, 0.0), (*high, height), 8.0, SUNNY, (1.0, 0.75, 0.9, 0.6, 1.0))
        self._gable(mesh, kind, low, high, height)

    def _gable(self, mesh: Mesh, kind: int, low: tuple[float, float], high: tuple[float, float], height: float) -> None:
        (ax, ay), (bx, by) = low, high
        roof = f"roof{int(self._rng.integers(len(_ROOFS)))}"
        ridge, middle, over = height + 0.36 * (by - ay), (ay + by) / 2, 0.4
        u, v = (bx - ax) / 6.0, (by - ay) / 10.0
        south = [(ax, ay - over, height - 0.2), (bx, ay - over, height - 0.2), (bx, middle, ridge), (ax, middle, ridge)]
        north = [(bx, by + over, height - 0.2), (ax, by + over, height - 0.2), (ax, middle, ridge), (bx, middle, ridge)]
        uv = [(0, 0), (u, 0), (u, v), (0, v)]
        mesh.polygon(roof, south, uv, (1.05, 1.0, 0.95))
        mesh.polygon(roof, north, uv, (0.62, 0.64, 0.70))
        wall = f"wall{kind}"
        for x, order in ((ax, -1), (bx, 1)):
            corners = [(x, ay, height), (x, by, height), (x, middle, ridge)][::order]
            mesh.polygon(wall, corners, [(y / 8.0, z / 8.0) for _, y, z in corners], SHADY if order > 0 else SUNNY)
        x = self._rng.uniform(ax + 1, bx - 2)
        mesh.box(wall, (x, middle - 0.5, ridge - 1.0), (x + 0.9, middle + 0.5, ridge + 1.0), 8.0)

    def _flat(self, mesh: Mesh, low: tuple[float, float], high: tuple[float, float], height: float) -> None:
        (ax, ay), (bx, by) = low, high
        mesh.slab("gravel", low, high, height - 0.02, 5.0)
        for a, b in (
            ((ax, ay), (bx, ay + 0.3)),
            ((ax, by - 0.3), (bx, by)),
            ((ax, ay), (ax + 0.3, by)),
            ((bx - 0.3, ay), (bx, by)),
        ):
            mesh.box("gravel", (*a, height - 0.05), (*b, height + 0.4), 5.0)
        for _ in range(int(self._rng.integers(1, 4))):
            x, y = self._rng.uniform(ax + 1, bx - 3), self._rng.uniform(ay + 1, by - 3)
            size = self._rng.uniform(0.8, 2.0, 3)
            mesh.box("gravel", (x, y, height), (x + size[0], y + size[1], height + size[2]), 5.0, (0.8, 0.82, 0.85))

    def _relief(
        self, mesh: Mesh, kind: int, low: tuple[float, float], high: tuple[float, float], *, faces_south: bool
    ) -> None:
        """Add a cornice and here and there a bay or a balcony in front of the wall."""
        front = self.fronts[kind]
        line = low[1] if faces_south else high[1]
        out = -1.0 if faces_south else 1.0

        def strip(x0: float, x1: float, z0: float, z1: float, reach: float, colour: tuple[float, float, float]) -> None:
            near, far = sorted((line, line + out * reach))
            mesh.box(f"wall{kind}", (x0, near, z0), (x1, far, z1), 8.0, colour)

        strip(low[0], high[0], front.height_m - 0.45, front.height_m - 0.1, 0.35, (1.05, 1.05, 1.05))
        if self._rng.random() < 0.5:
            x = self._rng.uniform(low[0] + 1, high[0] - 4)
            floor = 3.2 * int(self._rng.integers(1, max(2, int(front.height_m / 3.2))))
            strip(x, x + 3.0, floor, floor + 1.1, 1.1, (0.9, 0.9, 0.9))
