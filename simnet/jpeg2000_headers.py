"""Headers of JPEG 2000 files: the size, and what OpenJPEG reserves memory for beside pixels.

JP2 boxes ──▶ codestream: main header ──▶ headers of tile-parts       tiles, components, precincts, code-blocks, layers

Segments are those of ISO/IEC 15444-1, A.4 to A.6. A file of 180 bytes with precincts of two pixels took 1.6 kB for each pixel.
"""

from __future__ import annotations

import struct
from typing import IO

from simnet.errors import PictureError

MOST_TILES = 4096
"""OpenJPEG reserves 6 kB for each tile before it decodes one."""
MOST_PARTS = 4 * MOST_TILES
MOST_COMPONENTS = 4
MOST_LAYERS = 256
PIXELS_EACH, MOST_SMALL = 256, 4096
"""Least pixels of a picture for each of its precincts, but for the first few."""
LEAST_BLOCK = 8
"""Least sum of the exponents of a code-block's sides."""
MOST_SEGMENTS = 4096
_START, _SIZE, _STYLE, _COMPONENT_STYLE, _PART, _DATA = 0xFF4F, 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93


def size_of(stream: IO[bytes]) -> tuple[int, int]:
    """Return width and height that a file's codestream has; PictureError if it asks for much more memory than pixels do."""
    stream.seek(0)
    at = _find_codestream(stream) if stream.read(12)[4:12] == b"jP  \r\n\x87\n" else 0
    try:
        size, segments = _size(stream, at)
        for kind, content in _segments(stream, at + 4 + segments):
            _check_style(kind, content, size)
    except (struct.error, IndexError, ValueError) as error:
        raise PictureError("not a readable JPEG 2000 picture") from error
    return size


def _find_codestream(stream: IO[bytes]) -> int:
    """Offset of the codestream in a JP2 container: the content of its first box `jp2c`."""
    at = 0
    for _ in range(256):
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            break
        length, kind = struct.unpack_from(">I4s", head)
        front = 8
        if length == 1 and len(head) == 16:
            length, front = int.from_bytes(head[8:16], "big"), 16
        if kind == b"jp2c":
            return at + front
        if length < front:
            break
        at += length
    raise PictureError("not a readable JPEG 2000 picture: no codestream")


def _size(stream: IO[bytes], at: int) -> tuple[tuple[int, int], int]:
    """Check the segment of sizes; return the size and the segment's length."""
    stream.seek(at)
    start, marker, length = struct.unpack(">HHH", stream.read(6))
    if (start, marker) != (_START, _SIZE) or length < 38:
        raise ValueError("no size")
    fields = struct.unpack(">8IH", stream.read(length - 2)[2:36])
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top, components = fields
    if not (components and tile_width and tile_height):
        raise ValueError("empty tiles")
    tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
    if not 0 < tiles <= MOST_TILES:
        raise PictureError(f"JPEG 2000 picture of {tiles} tiles; expected up to {MOST_TILES}")
    if components > MOST_COMPONENTS:
        raise PictureError(f"JPEG 2000 picture of {components} components; expected up to {MOST_COMPONENTS}")
    return (right - left, bottom - top), length


def _segments(stream: IO[bytes], at: int) -> list[tuple[int, bytes]]:
    """Segments that say how the picture, a component or a tile is coded: of the main header, and of every tile-part."""
    found: list[tuple[int, bytes]] = []
    stream.seek(at)
    part, ends, count = -1, 0, 0
    while len(marker := stream.read(2)) == 2 and count < MOST_SEGMENTS + MOST_PARTS * 2:
        count += 1
        kind = int.from_bytes(marker, "big")
        if kind == _DATA:
            if ends <= part:  # the last part
                return found
            stream.seek(ends)
            continue
        if kind <= 0xFF4F or kind == 0xFFD9:
            return found
        content = stream.read(int.from_bytes(stream.read(2), "big") - 2)
        if kind == _PART:
            part = stream.tell() - len(content) - 4
            ends = part + struct.unpack_from(">HI", content)[1]
        elif kind in {_STYLE, _COMPONENT_STYLE}:
            found.append((kind, content))
    return found


def _check_style(kind: int, content: bytes, size: tuple[int, int]) -> None:
    """Check COD or COC: layers, code-blocks and precincts."""
    style = content[1 if kind == _COMPONENT_STYLE else 0]
    if kind == _STYLE and int.from_bytes(content[2:4], "big") > MOST_LAYERS:
        raise PictureError(f"JPEG 2000 picture of more than {MOST_LAYERS} layers")
    levels, wide, high, _, _, *precincts = content[2 if kind == _COMPONENT_STYLE else 5 :]
    if levels > 32:
        raise ValueError("levels")
    if (wide & 15) + (high & 15) + 4 < LEAST_BLOCK:
        raise PictureError(f"JPEG 2000 picture with code-blocks of less than {1 << LEAST_BLOCK} samples")
    if style & 1 and len(precincts) <= levels:
        raise ValueError("precincts are missing")
    # From the lowest resolution, which is 2**levels smaller, up.
    count = sum(
        -(-size[0] // (1 << levels - k + (each & 15))) * -(-size[1] // (1 << levels - k + (each >> 4)))
        for k, each in enumerate(precincts[: levels + 1] if style & 1 else b"")
    )
    if count > (most := max(MOST_SMALL, size[0] * size[1] // PIXELS_EACH)):
        raise PictureError(f"JPEG 2000 picture of {count} precincts; expected up to {most}")
