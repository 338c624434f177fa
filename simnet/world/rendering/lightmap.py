"""Light map of the ground: shadows and stains over a rectangle, multiplied onto its texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.world.rendering.noise import Grain

SUN = (0.42, 0.62)
"""Shadow offset per metre of height: metres east and north."""
_SHADE = np.asarray((0.46, 0.49, 0.58), np.float32)


class LightMap:
    """Sunlight on the ground between `low` and `high` (x, y in metres), `height` x `width` texels.

    While `turned` is set, added objects are rotated by 90 degrees clockwise, as in `Mesh`; the sun is not.
    """

    def __init__(self, low: Sequence[float], high: Sequence[float], height: int, width: int) -> None:
        self.low, self.high = np.asarray(low, float), np.asarray(high, float)
        self._scale = np.asarray((width, height)) / (self.high - self.low)
        self.turned = False
        self._shade = np.zeros((height, width), np.uint8)

    def block(self, low: Sequence[float], high: Sequence[float], height_m: float, z: float = 0.0) -> None:
        """Add the shadow of a box of `height_m` whose bottom is at `z`."""
        (ax, ay), (bx, by) = low[:2], high[:2]
        base = self._turn(np.asarray([(ax, ay), (bx, ay), (bx, by), (ax, by)]))
        self._fill(np.concatenate([base + np.multiply(SUN, z), base + np.multiply(SUN, z + height_m)]))

    def ball(self, x: float, y: float, z: float, radius_m: float) -> None:
        """Add the shadow of a ball of leaves."""
        angle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        rim = np.stack([np.cos(angle) * radius_m * 1.25, np.sin(angle) * radius_m * 1.25], axis=1)
        self._fill(rim + self._turn(np.asarray([(x, y)])) + np.multiply(SUN, z))

    def picture(self, grain: Grain, *, dapple: float = 0.35) -> np.ndarray:
        """Return the map (2 height x 2 width x 3, north up, 0..1), with soft edges and uneven brightness."""
        height, width = self._shade.shape
        shade = cv2.GaussianBlur(self._shade.astype(np.float32) / 255.0, (0, 0), 0.8)
        shade = np.clip(shade * (1.0 - dapple * np.clip(grain.patch(height, width, 0.5) - 0.8, 0, 1)), 0, 1)[..., None]
        light = shade * _SHADE + (1 - shade)
        stains = 0.90 + 0.06 * grain.patch(height, width) + 0.05 * grain.patch(height, width, 1.6)
        # The renderer magnifies without filtering, so the map is upsampled here.
        return cv2.resize(light * stains[..., None], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)

    def _turn(self, points: np.ndarray) -> np.ndarray:
        return points[:, ::-1] * (1.0, -1.0) if self.turned else points

    def _fill(self, points: np.ndarray) -> None:
        texels = (points - self.low) * self._scale
        texels[:, 1] = self._shade.shape[0] - texels[:, 1]
        hull = cv2.convexHull(np.round(texels * 16).astype(np.int32))
        cv2.fillConvexPoly(self._shade, hull, (255,), cv2.LINE_AA, 4)
