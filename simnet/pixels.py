"""Pixel normalisation of picture files of any format: upright, 8 bits, three channels."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from simnet.errors import PictureError
from simnet.notices import tell

SIXTEEN_BITS, TWELVE_BITS = 0xFFFF, 1 << 12


def rgb(image: Image.Image) -> np.ndarray:
    """Return uint8 H x W x 3, RGB; grey becomes three equal channels, 16 bits become 8, transparency is dropped.

    Raises:
        PictureError: Its samples have no defined range (floating point, more than 16 bits).
    """
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "F":
        raise PictureError("floating-point pixels; expected whole numbers of 8 or 16 bits")
    if not upright.mode.startswith("I"):
        return np.array(upright.convert("RGB"))
    # Pillow's own conversion of 16-bit grey clips at 255.
    wide = np.asarray(upright)
    if wide.min() < 0 or wide.max() > SIXTEEN_BITS:
        raise PictureError(f"pixels from {wide.min()} to {wide.max()}; expected whole numbers of 8 or 16 bits")
    if 0 < wide.max() < TWELVE_BITS:
        tell(
            "16-bit pictures with values below 4096 come out dark: samples of 12 bits? expected them scaled to 16 bits"
        )
    return np.repeat((wide.astype(np.uint32) >> 8).astype(np.uint8)[..., None], 3, axis=2)
