"""Padding of pictures to a multiple of the network's stride by edge repetition, and its removal."""

from __future__ import annotations

import numpy as np

from simnet.errors import BitstreamError, PictureError
from simnet.records import Announcement


def padded(image: np.ndarray, stride: int) -> np.ndarray:
    """Pad uint8 H x W x 3 to float32 (1, 3, H', W') in [0, 1], H' and W' the next multiples of `stride`."""
    height, width = image.shape[:2]
    bottom, right = -height % stride, -width % stride
    if bottom or right:
        image = np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="edge")
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32) * np.float32(1 / 255)


def to_picture(tensor: np.ndarray, height: int, width: int) -> np.ndarray:
    """Convert float32 (1, 3, H', W') to uint8 height x width x 3: clipped, rounded, padding removed.

    Raises:
        BitstreamError: It holds a number that is not finite; no frame of an encoder does, with the weights of a whole model.
    """
    if not np.isfinite(tensor).all():
        raise BitstreamError(
            "payload decodes to numbers that are not finite; expected one that this codec's encoder made"
        )
    pixels = np.rint(np.clip(tensor[0, :, :height, :width], 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))


def check_size(image: np.ndarray, announcement: Announcement) -> None:
    """Raise PictureError unless `image` has the announced size."""
    expected = (announcement.height, announcement.width, 3)
    if image.dtype != np.uint8 or image.shape != expected:
        raise PictureError(
            f"picture of {' x '.join(map(str, image.shape))} {image.dtype}: expected uint8 {' x '.join(map(str, expected))} "
            f"(height x width x 3), as the stream announced"
        )
