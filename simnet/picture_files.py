"""Picture files of strangers: the one place that opens them. Sizes are compared before any pixel is made.

file or bytes ──sizes in its own container──▶ Pillow's header ──size as expected, below the limit──▶ pixels
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import Image

from simnet import avif_sizes, jpeg2000_headers, pixels
from simnet.errors import PictureError

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000", "GIF")
"""Formats that are read. Others of Pillow's start programs, hold pictures of other formats, or nobody records with them."""
MOST_PIXELS = 1 << 25
"""Most pixels of a picture file: those of 8K, 7680 x 4320, fit."""
AVIF_ROOM, LEAST_ROOM = 4, 1 << 16
"""How many times the pixels of its picture an AVIF frame may have, and what it may have in any case."""

# Our own limit is lower, and comes as an error.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class WrongSizeError(PictureError):
    """A picture has not the size that was expected."""

    def __init__(self, size: Size, expected: Size) -> None:
        super().__init__(f"picture of {size}; expected {expected}")
        self.size = size


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


def read_rgb(path: Path | str, expected: tuple[int, int] | None = None, most: int = MOST_PIXELS) -> np.ndarray:
    """Return a picture file as uint8 H x W x 3 RGB, upright; grey becomes three equal channels, 16 bits become 8.

    Args:
        path: The file.
        expected: Width and height that it must have, before or after it is turned upright.
        most: Largest number of pixels.

    Raises:
        PictureError: The file is missing, damaged, too large, or not a picture; the message names it.
        WrongSizeError: It has not the expected size.
    """
    try:
        with _regular(Path(path)) as stream, opened(stream, FORMATS, expected, most) as image:
            return pixels.rgb(image)
    except WrongSizeError:
        raise
    except PictureError as error:
        told = str(error)
        remedy = "" if "expected" in told else "; expected a whole picture file: write it again, or take it out"
        raise PictureError(f"{path}: {told}{remedy}") from error
    except FileNotFoundError as error:
        raise PictureError(f"{path}: no such file; expected a picture") from error
    except (OSError, ValueError) as error:
        raise PictureError(f"{path}: {getattr(error, 'strerror', None) or error}; expected a picture file") from error


@contextmanager
def opened(
    stream: IO[bytes] | bytes,
    formats: tuple[str, ...] = FORMATS,
    expected: tuple[int, int] | None = None,
    most: int = MOST_PIXELS,
) -> Iterator[Image.Image]:
    """Open a picture whose sizes are checked; what fails while its pixels are made is an error of the file too.

    Args:
        stream: A seekable file, or its content.
        formats: Pillow's names of the formats that are taken.
        expected: Width and height that the file must have, in either order.
        most: Largest number of pixels.

    Raises:
        PictureError: The picture is damaged, of another format or size, or too large.
    """
    stream = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    try:
        for size in _contained(stream):
            _check(size, expected, most)
        _check_avif(stream, expected, most)
        stream.seek(0)
        with Image.open(stream, formats=formats) as image:
            _check(Size(*image.size), expected, most)
            _check_tiles(image, most)
            yield image
    except (PictureError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(f"picture of far too many pixels; expected up to {most}") from error
    except Exception as error:  # Pillow's readers raise almost any exception for a damaged file
        reason = " ".join(str(error).partition(" <")[0].split())[:120]
        raise PictureError(f"not a readable picture ({type(error).__name__}: {reason})") from error


def _regular(path: Path) -> IO[bytes]:
    """Open a file; a pipe, on which opening may wait for ever, is refused."""
    if path.exists() and not path.is_file():
        raise PictureError("not a regular file")
    return path.open("rb")


def check_size(width: int, height: int, most: int = MOST_PIXELS, where: str = "") -> None:
    """Raise PictureError, beginning with `where`, if a picture of this size is empty or too large."""
    try:
        _check(Size(width, height), None, most)
    except PictureError as error:
        raise PictureError(f"{where}{error}") from error


def _check(size: Size, expected: tuple[int, int] | None, most: int) -> None:
    if size.width < 1 or size.height < 1:
        raise PictureError(f"picture of {size}; expected at least one pixel")
    if expected is not None and sorted(size) != sorted(expected):
        raise WrongSizeError(size, Size(*expected))
    if size.width * size.height > most:
        raise PictureError(f"picture of {size}, {size.width * size.height} pixels; expected up to {most}")


def _check_tiles(image: Image.Image, most: int) -> None:
    """Refuse a TIFF whose tiles are larger than its picture may be: the library reserves whole tiles."""
    tags = getattr(image, "tag_v2", {})
    tile = Size(int(tags.get(322, 1)), int(tags.get(323, 1)))
    if not 0 < tile.width * tile.height <= most:
        raise PictureError(f"picture in tiles of {tile}; expected up to {most} pixels")


def _check_avif(stream: IO[bytes], expected: tuple[int, int] | None, most: int) -> None:
    """Refuse an AVIF file whose frames are much larger than its picture; a grid's tiles may be a little larger."""
    stream.seek(0)
    if stream.read(12)[4:8] != b"ftyp":
        return
    stream.seek(0)
    allowed = most if expected is None else min(most, max(AVIF_ROOM * expected[0] * expected[1], LEAST_ROOM))
    for width, height in avif_sizes.sizes(stream.read()):
        if width * height > allowed:
            raise PictureError(f"picture with a frame of {width} x {height}; expected up to {allowed} pixels")


def _contained(stream: IO[bytes]) -> list[Size]:
    """Sizes in containers that Pillow's openers do not compare, or for which they reserve memory; empty for other formats."""
    head = stream.read(40)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return [_webp(head)]
    if head.startswith(b"\xff\x4f\xff\x51") or head[4:12] == b"jP  \r\n\x87\n":
        return [Size(*jpeg2000_headers.size_of(stream))]
    return []


def _webp(head: bytes) -> Size:
    """Canvas of a WebP file: Pillow reserves two canvases when it opens one."""
    kind = head[12:16]
    if kind == b"VP8X":
        return Size(*(int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27)))
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        return Size(*(int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28)))
    raise PictureError("not a readable WebP picture")
