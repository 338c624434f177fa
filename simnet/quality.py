"""Picture quality metrics: PSNR and MS-SSIM, one definition for runs and evaluations.

Pictures are uint8, H x W x 3 (or H x W), compared over all samples with a peak of 255.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from simnet import similarity
from simnet.similarity_program import SIGMA, WINDOW

__all__ = ["PSNR_CAP_DB", "SCALE_WEIGHTS", "SIGMA", "WINDOW", "Original", "ms_ssim", "psnr"]

PSNR_CAP_DB = 100.0
"""PSNR of identical pictures: infinity is not a number in JSON and breaks every mean."""

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Scale weights of Wang, Simoncelli and Bovik (2003), finest scale first."""


def psnr(picture: np.ndarray, original: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB, at most `PSNR_CAP_DB`.

    Raises:
        ValueError: The pictures differ in shape.
    """
    import cv2

    _check_shapes(picture, original)
    mean_square = cv2.norm(picture, original, cv2.NORM_L2SQR) / picture.size
    if mean_square == 0:
        return PSNR_CAP_DB
    return min(PSNR_CAP_DB, 10 * math.log10(255**2 / mean_square))


def ms_ssim(picture: np.ndarray, original: np.ndarray) -> float:
    """Return the multi-scale structural similarity (Wang, Simoncelli and Bovik 2003), in [0, 1].

    Gaussian window of 7 samples with sigma 1.5, no padding, five scales with the paper's weights. A picture too small
    for five scales (its smaller side halves to less than the window) uses as many as fit, their weights scaled to sum
    to 1. Colour channels are measured separately and averaged.

    Raises:
        ValueError: The pictures differ in shape, or a side is shorter than the window.
    """
    return Original(original).ms_ssim(picture)


class Original:
    """Reference picture for comparisons."""

    def __init__(self, picture: np.ndarray) -> None:
        """Take a picture; ValueError if a side is shorter than the window."""
        self._picture, self._weights = picture, np.array(_weights(min(picture.shape[:2])))

    def psnr(self, picture: np.ndarray) -> float:
        """Return `quality.psnr(picture, original)`."""
        return psnr(picture, self._picture)

    def ms_ssim(self, picture: np.ndarray) -> float:
        """Return `quality.ms_ssim(picture, original)`."""
        _check_shapes(picture, self._picture)
        terms = similarity.channel_terms(picture, self._picture, len(self._weights))
        return float(np.prod(np.maximum(terms, 0) ** self._weights[:, None], axis=0).mean())


def _check_shapes(picture: np.ndarray, original: np.ndarray) -> None:
    if picture.shape != original.shape:
        raise ValueError(f"pictures of shapes {picture.shape} and {original.shape}; expected equal ones to compare")


@cache
def _weights(side: int) -> tuple[float, ...]:
    """Return the weights of the scales that fit a picture whose smaller side is `side`."""
    scales = 0
    while scales < len(SCALE_WEIGHTS) and side >= WINDOW:
        scales += 1
        side = (side + 1) // 2
    if not scales:
        raise ValueError(f"a picture with a side of {side} is too small for MS-SSIM; expected at least {WINDOW}")
    fitting = SCALE_WEIGHTS[:scales]
    if scales == len(SCALE_WEIGHTS):
        return fitting
    return tuple(weight / sum(fitting) for weight in fitting)


def squared_difference(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> int:
    """Return the sum of squared differences of two pictures of one size, exactly."""
    difference = one.astype(np.int64) - other
    return int(np.sum(difference * difference))
