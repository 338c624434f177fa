"""RGB <-> BT.709 4:2:0 conversion, for codecs with luma and two half-size chroma planes.

    Y  = 0.2126 R + 0.7152 G + 0.0722 B,   Cb = (B - Y) / 1.8556 + 128,   Cr = (R - Y) / 1.5748 + 128      (ITU-R BT.709-6)

Full range; a chroma sample is at the centre of its four pixels. All sums are of integers, so all machines get the same result.
A gray pixel has chroma of exactly 128 and is restored as gray.
"""

from __future__ import annotations

import cv2
import numpy as np

SHIFT = 14
_FORWARD = np.array([[3483, 11718, 1183], [-1877, -6315, 8192], [8192, -7441, -751]], dtype=np.float32).T
"""Matrix in units of 1 / 2**SHIFT. The first row sums to one, the others to zero: a gray pixel is its own luma without chroma."""
_RED, _GREEN, _BLUE = 6450, (-767, -1917), 7601
"""1.5748; -0.1873 and -0.4681; 1.8556, in units of 1 / 4096."""
MIDDLE = 128


def coded_size(width: int, height: int, least: int = 16) -> tuple[int, int]:
    """Return the even width and height, at least `least`, to which a picture is padded."""
    return max(least, width + width % 2), max(least, height + height % 2)


def to_planes(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 H x W x 3 RGB -> uint8 (3/2 height, width): luma above Cb and Cr, edges repeated up to the even width x height."""
    pad_x, pad_y = width - image.shape[1], height - image.shape[0]
    if pad_x or pad_y:
        image = np.pad(image, ((0, pad_y), (0, pad_x), (0, 0)), mode="edge")
    # Exact: no product or sum reaches 2**24.
    mixed = (image.reshape(-1, 3).astype(np.float32) @ _FORWARD).astype(np.int32).reshape(height, width, 3)
    luma = (mixed[..., 0] + (1 << (SHIFT - 1))) >> SHIFT
    parts = [luma.ravel()]
    for plane in (mixed[..., 1], mixed[..., 2]):
        four = plane[::2, ::2] + plane[::2, 1::2] + plane[1::2, ::2] + plane[1::2, 1::2]
        parts.append(np.clip(((four + (1 << (SHIFT + 1))) >> (SHIFT + 2)) + MIDDLE, 0, 255).ravel())
    return np.concatenate(parts).astype(np.uint8).reshape(height * 3 // 2, width)


def to_picture(planes: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 (3/2 H', W') -> uint8 height x width x 3 RGB: chroma interpolated linearly, padding removed."""
    full_height, full_width = planes.shape[0] * 2 // 3, planes.shape[1]
    luma = planes[:full_height].astype(np.int32) << 16
    chroma = planes[full_height:].reshape(2, full_height // 2, full_width // 2).astype(np.float32) - MIDDLE
    # Weights are sixteenths, so these sums are integers too.
    blue, red = (
        (cv2.resize(plane, (full_width, full_height), interpolation=cv2.INTER_LINEAR) * 16).astype(np.int32)
        for plane in chroma
    )
    mixed = [luma + _RED * red, luma + _GREEN[0] * blue + _GREEN[1] * red, luma + _BLUE * blue]
    picture = np.stack([(plane[:height, :width] + (1 << 15)) >> 16 for plane in mixed], axis=2)
    return np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8))
