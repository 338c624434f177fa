"""Alignment: dense optical flow from a decoded picture to a side picture, which is then warped onto it.

Flow is OpenCV's DIS (Kroeger et al., ECCV 2016), pinned to one thread by its callers' process. It works on what the decoder
has, the picture decoded without side information, so nothing is sent for it.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

SMALLEST = 16
"""Below this side (pixels) DIS has no patch to match: such a side picture is used as it lies."""


class Aligner:
    """Keeps the flow's work space; one a decoder, used by one thread at a time."""

    def __init__(self) -> None:
        flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        # The preset stops at half resolution; full resolution brings the warped picture about 1 dB closer at equal cost, and
        # leaving out the variational refinement pays for it.
        flow.setFinestScale(0)
        flow.setPatchStride(5)
        flow.setGradientDescentIterations(16)
        flow.setVariationalRefinementIterations(0)
        self._flow = flow

    def align(self, decoded: np.ndarray, side: np.ndarray) -> np.ndarray:
        """Warp `side` onto `decoded` (uint8 H x W x 3 each; a side picture of another size is resized first)."""
        height, width = decoded.shape[:2]
        if side.shape[:2] != (height, width):
            side = cv2.resize(side, (width, height), interpolation=cv2.INTER_AREA)
        if min(height, width) < SMALLEST:
            return side
        start = np.zeros((height, width, 2), np.float32)
        flow = self._flow.calc(gray(decoded), gray(side), start)
        grid_x, grid_y = grid(height, width)
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
