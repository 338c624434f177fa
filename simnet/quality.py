"""Picture quality metrics: PSNR and MS-SSIM, one definition for runs and evaluations.

Pictures are uint8, H x W x 3 (or H x W), compared over all samples with a peak of 255.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PSNR_CAP_DB = 100.0
"""PSNR of identical pictures: infinity is not a number in JSON and breaks every mean."""

WINDOW = 7
SIGMA = 1.5
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Scale weights of Wang, Simoncelli and Bovik (2003), finest scale first."""

_C1 = (0.01 * 255) ** 2
_C2 = (0.03 * 255) ** 2


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
    """Reference picture for comparisons; terms that depend on it alone are computed once."""

    def __init__(self, picture: np.ndarray) -> None:
        """Prepare the scales of `picture`; ValueError if a side is shorter than the window."""
        self._picture = picture
        self._weights = _weights(min(picture.shape[:2]))
        self._scales = [_Scale(picture.astype(np.float32))]
        while len(self._scales) < len(self._weights):
            self._scales.append(_Scale(_halve(self._scales[-1].picture)))

    def psnr(self, picture: np.ndarray) -> float:
        """Return `quality.psnr(picture, original)`."""
        return psnr(picture, self._picture)

    def ms_ssim(self, picture: np.ndarray) -> float:
        """Return `quality.ms_ssim(picture, original)`."""
        _check_shapes(picture, self._picture)
        x = picture.astype(np.float32)
        product = np.ones(1)
        for scale, weight in zip(self._scales, self._weights, strict=True):
            last = scale is self._scales[-1]
            terms = scale.similarity(x) if last else scale.contrast(x)
            product = product * np.maximum(_channel_means(terms), 0) ** weight
            if not last:
                x = _halve(x)
        return float(product.mean())


class _Scale:
    """One scale of an original, with the moments of its samples under the window (Wang et al. 2004, equations 6 to 13)."""

    def __init__(self, picture: NDArray[np.float32]) -> None:
        self.picture = picture
        self._mean = _blur(picture)
        self._mean_square = self._mean * self._mean
        self._variance = _blur(picture * picture) - self._mean_square

    def contrast(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the contrast-structure term at each sample."""
        return self._contrast(x, _blur(x))

    def similarity(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the whole SSIM at each sample."""
        mean = _blur(x)
        luminance = (2 * mean * self._mean + _C1) / (mean * mean + self._mean_square + _C1)
        return luminance * self._contrast(x, mean)

    def _contrast(self, x: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
        # In place: memory traffic takes far longer than the additions.
        covariance = _blur(x * self.picture)
        covariance -= mean * self._mean
        covariance *= 2
        covariance += _C2
        variances = _blur(x * x)
        variances -= mean * mean
        variances += self._variance
        variances += _C2
        covariance /= variances
        return covariance


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


def _blur(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the window-filtered picture; only samples at least half a window away from the border are valid."""
    import cv2

    taps = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_32F)
    return np.asarray(cv2.sepFilter2D(picture, cv2.CV_32F, taps, taps), np.float32)


def _channel_means(values: NDArray[np.float32]) -> np.ndarray:
    """Return the mean of each channel over the samples where the whole window fits."""
    import cv2

    margin = WINDOW // 2
    inner = values[margin : values.shape[0] - margin, margin : values.shape[1] - margin]
    # OpenCV adds up in double precision, and twenty times as fast as numpy along these axes.
    return np.array(cv2.mean(inner)[: 1 if values.ndim == 2 else values.shape[2]])


def _halve(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return means over 2 x 2 samples; an odd side gets one line of zeros in front, as pytorch_msssim pads it."""
    import cv2

    height, width = picture.shape[:2]
    padded = cv2.copyMakeBorder(picture, height % 2, 0, width % 2, 0, cv2.BORDER_CONSTANT, value=(0.0,))
    half = cv2.resize(padded, (padded.shape[1] // 2, padded.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.float32)
