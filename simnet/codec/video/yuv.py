"""RGB <-> BT.709 4:2:0 conversion, for codecs with luma and two half-size chroma planes.

    Y  = 0.2126 R + 0.7152 G + 0.0722 B,   Cb = (B - Y) / 1.8556 + 128,   Cr = (R - Y) / 1.5748 + 128      (ITU-R BT.709-6)

Full range; a chroma sample is at the centre of its four pixels. All sums are of integers, so all machines get the same result.
A gray pixel has chroma of exactly 128 and is restored as gray.
"""

from __future__ import annotations

import cv2
import numpy as np

_TO_LUMA = np.array([[3483, 11718, 1183, 1 << 13]], np.float32) / (1 << 14)
_TO_CHROMA = np.array([[-1877, -6315, 8192, 257 << 13], [8192, -7441, -751, 257 << 13]], np.float32) / (1 << 14)
"""Of R, G, B and 1. The first three of luma sum to one, those of chroma to zero: a gray pixel is its own luma without chroma. The
last adds what a chroma sample is counted from, and a half, so that cutting the fraction off is rounding."""
_TO_RGB = ((0.0, 6450 / 4096), (-767 / 4096, -1917 / 4096), (7601 / 4096, 0.0))
"""Shares of Cb and Cr that are added to luma for R, G and B: 1.5748 Cr; -0.1873 Cb - 0.4681 Cr; 1.8556 Cb."""
MIDDLE = 128


def coded_size(width: int, height: int, least: int = 16) -> tuple[int, int]:
    """Return the even width and height, at least `least`, to which a picture is padded."""
    return max(least, width + width % 2), max(least, height + height % 2)


def to_planes(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 H x W x 3 RGB -> uint8 (3/2 height, width): luma above Cb and Cr, edges repeated up to the even width x height."""
    pad_x, pad_y = width - image.shape[1], height - image.shape[0]
    if pad_x or pad_y:
        image = np.pad(image, ((0, pad_y), (0, pad_x), (0, 0)), mode="edge")
    # Exact: in units of 2**-14 and 2**-16 no product or sum reaches 2**24.
    whole = image.astype(np.float32)
    planes = np.empty((height * 3 // 2, width), np.uint8)
    planes[:height] = cv2.transform(whole, _TO_LUMA)
    chroma = cv2.transform(cv2.resize(whole, (width // 2, height // 2), interpolation=cv2.INTER_AREA), _TO_CHROMA)
    np.minimum(chroma, 255, out=chroma)
    planes[height:].reshape(2, height // 2, width // 2)[:] = np.moveaxis(chroma, 2, 0)
    return planes


def to_picture(planes: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 (3/2 H', W') -> uint8 height x width x 3 RGB: chroma interpolated linearly, padding removed."""
    full_height, full_width = planes.shape[0] * 2 // 3, planes.shape[1]
    luma = planes[:height, :width]
    # Weights are sixteenths, so these sums are exact too; luma would not fit beside them.
    blue, red = (
        cv2.resize(plane, (full_width, full_height), interpolation=cv2.INTER_LINEAR)[:height, :width]
        for plane in planes[full_height:].reshape(2, full_height // 2, full_width // 2).astype(np.float32) - MIDDLE
    )
    added = (cv2.addWeighted(blue, of_blue, red, of_red, 0.5) for of_blue, of_red in _TO_RGB)
    return cv2.merge([cv2.add(luma, np.floor(each, out=each).astype(np.int16), dtype=cv2.CV_8U) for each in added])
