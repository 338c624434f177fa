"""Picture protocols of the papers: crop and resize of a data set's pictures before coding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from simnet.errors import PictureError

KITTI_CROPS = ((370, 740), (185, 370))
"""Height and width of the centre crop: for full-size pictures, and for half-size pictures."""
HEIGHT, WIDTH = 128, 256
"""Height and width of coded pictures."""


def kitti(picture: np.ndarray) -> np.ndarray:
    """Apply the ATN and NDIC protocol for KITTI: centre crop 370 x 740, resized to 128 x 256 (PIL, bilinear).

    Takes and returns uint8 H x W x 3. Half-size pictures are cropped to the centre 185 x 370.

    Raises:
        PictureError: The picture is smaller than 185 x 370.
    """
    height, width = picture.shape[:2]
    for rows, columns in KITTI_CROPS:
        if height >= rows and width >= columns:
            # torchvision's CenterCrop, which the papers use, rounds the margins this way.
            top, left = round((height - rows) / 2), round((width - columns) / 2)
            middle = Image.fromarray(picture[top : top + rows, left : left + columns])
            return np.asarray(middle.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))
    raise PictureError(f"picture of {width} x {height}: the protocol kitti needs at least 370 x 185 (width x height)")


def cityscapes(picture: np.ndarray) -> np.ndarray:
    """Apply the NDIC and ATN protocol for Cityscapes: resize the picture to 128 x 256 (PIL, bilinear); uint8 H x W x 3."""
    return np.asarray(Image.fromarray(picture).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


Protocol = Callable[[np.ndarray], np.ndarray]
CROPS: dict[str, Protocol] = {"kitti": kitti, "cityscapes": cityscapes}
"""Protocols by name."""


def of(kind: str) -> Protocol:
    """The protocol of a data set with published splits (`kitti-stereo`, `kitti-general`, `cityscapes`)."""
    return CROPS[kind.partition("-")[0]]
