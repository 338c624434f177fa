"""Matches along the rows of rectified pictures by a network, which has learned what roads, rooms and skies look like.

    decoded, side ──to WORKING rows, flows to the left──▶ graph `rows` ──▶ places along the rows, at full size

Optical flow compares patches; a coarsely decoded picture has few that tell. The network compares features of both pictures at
distances up to FURTHEST cells and decides by what is around, in cells of 4 x 4 pixels. It starts from the flow at half size.
"""

from __future__ import annotations

import cv2
import numpy as np

from simnet.codec import model
from simnet.codec.learned.inference import finite, outputs, require

GRAPH = "rows"
CELL = 4
STRIDE = 16
"""The network halves its cells twice: pictures have multiples of this."""
WORKING, LARGEST = 128, 160
"""Rows that the network works with, and rows up to which a picture keeps its size: it was trained with 128."""
FURTHEST, NEAREST = -12.0, 1.0
"""Distances along the rows that it compares, in cells, every half cell; flows to the left are negative."""
PLANES = tuple(FURTHEST + 0.5 * k for k in range(int(2 * (NEAREST - FURTHEST)) + 1))


def is_in(chosen: model.Model) -> bool:
    """Whether a model has such a network."""
    return GRAPH in chosen.manifest["graphs"]


def working_size(height: int, width: int) -> tuple[int, int]:
    """Rows and columns that the network works with for a picture."""
    scale = WORKING / height if height > LARGEST else 1.0
    rows, columns = (max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in (height, width))
    return rows, columns


class RowMatcher:
    """The network of a model, for pictures of one size; one per decoder."""

    def __init__(self, chosen: model.Model, height: int, width: int, knots: int) -> None:
        self._model, self._size = chosen, working_size(height, width)
        rows, columns = self._size
        picture, start = (1, 3, rows, columns), (1, 1, rows // CELL, columns // CELL)
        require(chosen, GRAPH, (picture, picture, start, (1, knots)), (1, 1, rows, columns))

    def places(self, decoded: np.ndarray, side: np.ndarray, start: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Horizontal flow, float32 H x W in pixels: where in `side` each pixel of `decoded` is (uint8 H x W x 3 each).

        `start` is a horizontal flow to begin with, float32 H x W; `shares` (1, knots) tell the quality.
        """
        height, width = decoded.shape[:2]
        rows, columns = self._size
        factor = np.float32(columns / width)
        backward = float(np.median(start)) > 0
        pictures = (_tensor(each, rows, columns, mirrored=backward) for each in (decoded, side))
        first = cv2.resize(start, (columns // CELL, rows // CELL), interpolation=cv2.INTER_AREA) * (factor / CELL)
        first = -first[:, ::-1] if backward else first
        places = outputs(self._model, GRAPH, *pictures, np.ascontiguousarray(first[None, None]), shares)[0]
        # Flow starts from it: OpenCV takes no places far outside, nor any that are no numbers.
        found = np.clip(finite(self._model, GRAPH, places), -columns, columns)[0, 0]
        found = -found[:, ::-1] if backward else found
        return cv2.resize(np.ascontiguousarray(found), (width, height), interpolation=cv2.INTER_LINEAR) / factor


def _tensor(picture: np.ndarray, rows: int, columns: int, *, mirrored: bool) -> np.ndarray:
    """Float32 (1, 3, rows, columns) in [0, 1]."""
    if picture.shape[:2] != (rows, columns):
        picture = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    picture = picture[:, ::-1] if mirrored else picture
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None]).astype(np.float32) / np.float32(255)
