"""DSIN's side-information finder: the best-matching nearby patch of Y for every patch of decoded X.

A match's score is Pearson correlation of the decoded pictures, in the planes R + G, R - G and (R + B) / 2 after normalisation,
times a Gaussian of the distance. The best patch is cut from the original Y (Ayzik and Avidan, ECCV 2020, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PATCH = (20, 24)
"""Rows and columns of a patch."""
ROWS = 8
"""Number of window rows compared at a time, which bounds the memory."""


@dataclass(frozen=True)
class Matches:
    """Matches of the patches of X. `top`, `left` int64 (rows, columns): position in Y; `score` float64: weighted correlation."""

    top: np.ndarray
    left: np.ndarray
    score: np.ndarray


def planes(picture: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Comparison planes of a uint8 H x W x 3 RGB picture, float64; `mean` and `deviation` (3,) on [0, 1]."""
    red, green, blue = np.moveaxis((picture / 255 - mean) / deviation, -1, 0)
    return np.stack([red + green, red - green, (red + blue) / 2], axis=-1)


def whole_patches(picture: np.ndarray) -> np.ndarray:
    """Pad a picture to a whole number of patches by edge repetition."""
    bottom, right = (-side % patch for side, patch in zip(picture.shape[:2], PATCH, strict=True))
    return np.pad(picture, ((0, bottom), (0, right), (0, 0)), mode="edge")


def find(x_dec: np.ndarray, y_dec: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> Matches:
    """Match decoded X against decoded Y (uint8 of equal size, whole patches).

    Pearson's correlation of a patch p with a window w, over all n values of the three planes together, is
    sum((p - mean p) w) / sqrt(sum((p - mean p)^2) (sum w^2 - (sum w)^2 / n)); the sums over windows are box filters.
    """
    x, y = (planes(picture, mean, deviation) for picture in (x_dec, y_dec))
    patches = cut(x)
    count = patches.shape[1]
    centred = patches - patches.mean(axis=1, keepdims=True)
    centred /= np.maximum(np.sqrt((centred**2).sum(axis=1, keepdims=True)), 1e-9)
    total, squares = window_sums(y.sum(axis=2)), window_sums((y**2).sum(axis=2))
    spread = np.sqrt(np.maximum(squares - total**2 / count, 1e-9))
    weights = centred.T.astype(np.float32)
    near_rows, near_columns = nearness(x.shape[:2])
    best, place = np.full(len(patches), -np.inf), np.zeros(len(patches), np.int64)
    height, width = spread.shape
    windows = np.lib.stride_tricks.sliding_window_view(y.astype(np.float32), (*PATCH, 3))[:, :, 0]
    for top in range(0, height, ROWS):
        rows = windows[top : top + ROWS].reshape(-1, count)
        scores = (rows @ weights).reshape(-1, width, len(patches)) / spread[top : top + ROWS, :, None]
        scores = (scores * near_rows[top : top + ROWS, None] * near_columns[None]).reshape(-1, len(patches))
        first = scores.argmax(axis=0)
        score = scores[first, np.arange(len(patches))]
        better = score > best
        best[better], place[better] = score[better], top * width + first[better]
    shape = (x.shape[0] // PATCH[0], x.shape[1] // PATCH[1])
    return Matches((place // width).reshape(shape), (place % width).reshape(shape), best.reshape(shape))


def cut(picture: np.ndarray) -> np.ndarray:
    """Cut a picture of whole patches into patches, row by row: (patches, 20 * 24 * 3)."""
    rows, columns = (side // patch for side, patch in zip(picture.shape[:2], PATCH, strict=True))
    tiled = picture.reshape(rows, PATCH[0], columns, PATCH[1], 3).swapaxes(1, 2)
    return tiled.reshape(rows * columns, -1)


def window_sums(plane: np.ndarray) -> np.ndarray:
    """Sums over every complete PATCH window of a float64 plane (H, W): (H - 19, W - 23)."""
    integral = np.pad(plane, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    height, width = PATCH
    return (
        integral[height:, width:]
        - integral[:-height, width:]
        - integral[height:, :-width]
        + integral[:-height, :-width]
    )


def nearness(size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian prior exp(-4 ln 2 (dr^2 / sh^2 + dc^2 / sw^2)), s half the picture's size, for every patch.

    Returns its two factors: (window rows, patches) and (window columns, patches).
    """
    rows, columns = (side // patch for side, patch in zip(size, PATCH, strict=True))
    factors = []
    for axis, starts in enumerate((np.repeat(np.arange(rows), columns), np.tile(np.arange(columns), rows))):
        away = np.arange(size[axis] - PATCH[axis] + 1)[:, None] - starts * PATCH[axis]
        factors.append(np.exp(-4 * np.log(2) * (away / (size[axis] / 2)) ** 2))
    return factors[0], factors[1]


def synthesise(y: np.ndarray, matches: Matches) -> np.ndarray:
    """Assemble the matched patches, cut from the original Y (uint8, whole patches)."""
    y_syn = np.zeros_like(y)
    for row, column in np.ndindex(matches.top.shape):
        top, left = matches.top[row, column], matches.left[row, column]
        cut = y[top : top + PATCH[0], left : left + PATCH[1]]
        y_syn[row * PATCH[0] : (row + 1) * PATCH[0], column * PATCH[1] : (column + 1) * PATCH[1]] = cut
    return y_syn
