"""Alignment by dense optical flow from a decoded picture to a side picture, which is then warped onto it.

Flow is OpenCV's DIS (Kroeger et al., ECCV 2016); the calling process limits it to one thread. It uses the picture decoded without
side information, which the decoder already has, so no extra data is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

SMALLEST = 16
"""Minimum side (pixels) for DIS; it cannot match patches in smaller pictures, so they are not warped."""

COARSE = 64
"""Minimum side (pixels) for a flow at a quarter of the size, from which the other flows start."""

CANDIDATES = 2
"""Number of aligned pictures made from each side picture."""

FINE = 0.41
"""Quality from which the flow at full size is refined; between two steps of a frame, so that rounding cannot decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """A decoded picture and a side picture (uint8 H x W x 3), their luma `first` and `second`, and shares of the quality."""

    decoded: np.ndarray
    side: np.ndarray
    first: np.ndarray
    second: np.ndarray
    shares: np.ndarray | None


class Aligner:
    """Holds the flows' work buffers; one per decoder, used by one thread at a time.

    The flow at full size starts from the flow at half size. It is `refined` always, never, or (None) where that pays: see `FINE`.
    """

    def __init__(self, *, refined: bool | None = None) -> None:
        self._refined = refined
        # Blurred pictures match best at small sizes: a coarse start gains 0.1 dB at the lowest rates and costs little.
        self._start = method(2, stride=3, iterations=32, refinements=10)
        # Full resolution suits detailed decoded pictures, half resolution pictures too coarse to match; fusion selects locally.
        self._half = method(1, stride=4, iterations=12, refinements=5)
        self._coarse = method(0, stride=6, iterations=16, refinements=0)
        self._fine = method(0, stride=5, iterations=16, refinements=3)

    def flows(self, decoded: np.ndarray, side: np.ndarray, shares: np.ndarray | None = None) -> list[np.ndarray]:
        """CANDIDATES flows float32 H x W x 2 (x, y in pixels): position in `side` of each `decoded` pixel (uint8, same size).

        `shares` (1, knots) tell the quality of `decoded`, where it is known.
        """
        height, width = decoded.shape[:2]
        if min(height, width) < SMALLEST:
            return [np.zeros((height, width, 2), np.float32)] * CANDIDATES
        first, second, start = gray(decoded), gray(side), np.zeros((height, width, 2), np.float32)
        if min(height, width) >= COARSE:
            start = self._start.calc(first, second, start)
        half = self._half.calc(first, second, start)
        return self._chosen(Views(decoded, side, first, second, shares), half, self._full(shares))

    def _full(self, shares: np.ndarray | None) -> cv2.DISOpticalFlow:
        """What finds flows at full size at a quality."""
        has_detail = shares is not None and quality_of(shares) >= FINE
        refined = has_detail if self._refined is None else self._refined
        return self._fine if refined else self._coarse

    def _chosen(self, views: Views, half: np.ndarray, full: cv2.DISOpticalFlow) -> list[np.ndarray]:
        """The candidates, given a flow at half size and what finds one at full size."""
        return [full.calc(views.first, views.second, half.copy()), half]

    def align(self, decoded: np.ndarray, side: np.ndarray, shares: np.ndarray | None = None) -> list[np.ndarray]:
        """CANDIDATES pictures, `side` warped onto `decoded` (uint8 H x W x 3 each; a side picture of another size is resized)."""
        side = resized(side, *decoded.shape[:2])
        return [warp(side, flow) for flow in self.flows(decoded, side, shares)]


def quality_of(shares: np.ndarray) -> float:
    """Quality in [0, 1] that the knots' shares (1, knots) tell."""
    return float(shares[0] @ np.linspace(0, 1, shares.shape[1], dtype=np.float32))


def method(finest: int, *, stride: int, iterations: int, refinements: int) -> cv2.DISOpticalFlow:
    """Create a DIS flow that stops at 1 / 2**finest of the size."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setFinestScale(finest)
    flow.setPatchStride(stride)
    flow.setGradientDescentIterations(iterations)
    flow.setVariationalRefinementIterations(refinements)
    return flow


def resized(side: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a side picture to the decoded picture's size."""
    if side.shape[:2] == (height, width):
        return side
    return cv2.resize(side, (width, height), interpolation=cv2.INTER_AREA)


def warp(side: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Fetch every pixel of `side` from the position that the flow gives."""
    grid_x, grid_y = grid(*flow.shape[:2])
    return cv2.remap(
        side, grid_x + flow[..., 0], grid_y + flow[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def gray(picture: np.ndarray) -> np.ndarray:
    """Luma of an RGB picture, uint8 H x W."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


@lru_cache(maxsize=8)
def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates, float32 height x width each."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return x, y
