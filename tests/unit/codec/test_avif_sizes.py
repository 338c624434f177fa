"""Sizes of AV1 frames in AVIF files, as their own headers say them."""

import io

import numpy as np
import pytest
from PIL import Image

from simnet import avif_sizes
from simnet.errors import PictureError


def bits(*fields: tuple[int, int]) -> bytes:
    """Fields (value, number of bits), padded with zeros."""
    text = "".join(f"{value:0{count}b}" for value, count in fields)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def obu(kind: int, content: bytes) -> bytes:
    return bytes([kind << 3 | 2, len(content)]) + content


def avif(item: bytes) -> bytes:
    """A file with one item."""
    front = b"\0\0\0\x10ftypavif\0\0\0\0"
    iloc = b"iloc" + bytes(4) + b"\x44\x00" + b"\0\1" + b"\0\1\0\0\0\1"
    where = len(front) + 12 + 4 + len(iloc) + 8 + 8
    iloc += where.to_bytes(4, "big") + len(item).to_bytes(4, "big")
    meta = b"meta" + bytes(4) + (len(iloc) + 4).to_bytes(4, "big") + iloc
    mdat = (len(item) + 8).to_bytes(4, "big") + b"mdat" + item
    return front + (len(meta) + 4).to_bytes(4, "big") + meta + mdat


def sequence_header() -> bytes:
    front = [(0, 3), (1, 1), (0, 1), (0, 1), (0, 1), (0, 5), (0, 12), (0, 5), (15, 4), (15, 4), (63, 16), (47, 16)]
    return obu(1, bits(*front, (0, 1), (0, 3), (0, 4), (0, 1), (0, 1), (0, 1)))


@pytest.mark.parametrize("size", [(64, 48), (65, 47), (300, 16)])
def test_size_of_an_ordinary_file_is_found(size: tuple[int, int]) -> None:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 4), np.uint8)
    Image.fromarray(pixels, "RGBA").save(file, "AVIF", speed=10)
    assert avif_sizes.sizes(file.getvalue()) == [size, size]  # colour and alpha


def test_frame_with_a_size_of_its_own_counts_with_the_largest_it_can_say() -> None:
    key = [(0, 1), (0, 2), (1, 1), (0, 1)]  # not shown again, a key frame, shown; updates of the model
    assert avif_sizes.sizes(avif(sequence_header() + obu(6, bits(*key, (0, 1))))) == [(64, 48)]
    assert avif_sizes.sizes(avif(sequence_header() + obu(6, bits(*key, (1, 1))))) == [(64, 48), (65_536, 65_536)]


@pytest.mark.parametrize("data", [b"", bytes(40), avif(b"")[:50], b"\0\0\0\x08moov" * 3, b"\xff" * 80])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        avif_sizes.sizes(data)
