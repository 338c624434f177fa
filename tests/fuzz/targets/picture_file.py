"""Picture files of every format that is read, altered: read, or refused in bounded memory."""

import os
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from fuzz.mutations import altered
from simnet import picture_files
from simnet.errors import PictureError
from support import hostile_pictures

REFUSED = (PictureError,)
VALID = [bytes(hostile_pictures.small(kind)) for kind in picture_files.FORMATS]
VALID += [
    bytes(hostile_pictures.small("JPEG2000", no_jp2=True)),
    bytes(hostile_pictures.small("JPEG", progressive=True)),
    bytes(hostile_pictures.small("TIFF", compression="tiff_lzw")),
    hostile_pictures.tiled_tiff(64, 48),
]
MOST = 1 << 18
"""Pixels: small, so that the memory that a file may take is small too."""
MEMORY_MIB = 256
INPUTS = altered(VALID) | st.binary(max_size=64)


def prepare() -> None:
    for data in VALID:
        attempt(data)


def attempt(data: bytes) -> None:
    file = Path(os.getcwd()) / "picture"
    file.write_bytes(data)
    picture = picture_files.read_rgb(file, most=MOST)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[0] * picture.shape[1] <= MOST
