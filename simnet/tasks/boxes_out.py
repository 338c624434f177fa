"""Boxes from the outputs of detectors, in the forms that they are exported in.

| form | output |
|---|---|
| yolov8 | 1 x (4 + classes) x N: middle, width and height in pixels of the input, a score for each class |
| yolov5 | 1 x N x (5 + classes): the same, with a score of there being anything before those of the classes |
| ssd | 1 x 1 x N x 7: picture, class, score, left, top, right, bottom as shares of the input |
| boxes | N x 6 (or 1 x N x 6): left, top, right, bottom in pixels of the input, score, class |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

MOST = 300
"""Most boxes of a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes N x 4 (left, top, width, height in pixels), scores N and numbers of classes N, best first."""

    places_px: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int64]

    def chosen(self, which: np.ndarray) -> Boxes:
        """Return some of the boxes."""
        return Boxes(self.places_px[which], self.scores[which], self.classes[which])


def read(output: np.ndarray, form: str, classes: int, size: tuple[int, int]) -> Boxes:
    """Return the boxes in an output, in pixels of the input of `size` (width, height).

    Raises:
        ValueError: The output is not of that form.
    """
    values = np.asarray(output, np.float64)
    if form == "yolov8":
        rows = _shaped(values, (1, 4 + classes, -1))[0].T
        return _of_middles(rows[:, :4], rows[:, 4:])
    if form == "yolov5":
        rows = _shaped(values, (1, -1, 5 + classes))[0]
        return _of_middles(rows[:, :4], rows[:, 4:5] * rows[:, 5:])
    if form == "ssd":
        rows = _shaped(values, (1, 1, -1, 7))[0, 0]
        rows = rows[rows[:, 0] >= 0]
        return _of_corners(rows[:, 3:] * np.array([*size, *size]), rows[:, 2], rows[:, 1])
    rows = _shaped(values[None] if values.ndim == 2 else values, (1, -1, 6))[0]
    return _of_corners(rows[:, :4], rows[:, 4], rows[:, 5])


def kept(found: Boxes, least: float, overlap: float | None) -> Boxes:
    """Return the boxes with at least this score, of those of a class that overlap more than `overlap` the best alone."""
    # A stable order: two runs keep the same one of two boxes with equal scores.
    order = np.argsort(-found.scores, kind="stable")
    order = order[found.scores[order] >= least][: 4 * MOST]
    found = found.chosen(order)
    if overlap is None:
        return found.chosen(np.arange(min(MOST, len(order))))
    alive = np.ones(len(order), bool)
    shares = overlaps(found.places_px, found.places_px)
    for index in range(len(order)):
        if alive[index]:
            alive[index + 1 :] &= ~((shares[index] > overlap) & (found.classes == found.classes[index]))[index + 1 :]
    return found.chosen(np.flatnonzero(alive)[:MOST])


def overlaps(first: np.ndarray, second: np.ndarray) -> npt.NDArray[np.float64]:
    """Return the intersection over union of each of N x 4 boxes with each of M x 4."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    whole = first[:, 2:].prod(axis=1)[:, None] + second[:, 2:].prod(axis=1)[None] - common
    return np.where(whole > 0, common / np.where(whole > 0, whole, 1), 0.0)


def _shaped(values: np.ndarray, wanted: tuple[int, ...]) -> np.ndarray:
    fits = values.ndim == len(wanted) and all(w in (-1, have) for w, have in zip(wanted, values.shape, strict=True))
    if not fits:
        text, expected = (
            " x ".join("N" if side < 0 else str(side) for side in shape) for shape in (values.shape, wanted)
        )
        raise ValueError(f"its output is {text}; expected {expected}")
    return values


def _of_middles(places: np.ndarray, scores: np.ndarray) -> Boxes:
    best = scores.argmax(axis=1)
    corners = np.concatenate([places[:, :2] - places[:, 2:] / 2, places[:, 2:]], axis=1)
    return Boxes(corners, scores[np.arange(len(best)), best], best.astype(np.int64))


def _of_corners(corners: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> Boxes:
    places = np.concatenate([corners[:, :2], corners[:, 2:4] - corners[:, :2]], axis=1)
    return Boxes(places, scores, classes.astype(np.int64))
