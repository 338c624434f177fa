"""A sliced frame as nodes of a run hand it on: which slices there are, in one sequence of bytes.

    0       2         3       4       8             8 + 4 n
    | sequence | quality | flags | n | n lengths ... | slices ...

Big-endian. A slice that is missing has the length 0. This is no part of what crosses a link: there each slice travels in packets
of its own, whose headers say which slice they belong to, so `sent_bytes` counts the slices alone.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from simnet.errors import BitstreamError

_FRONT = struct.Struct(">HBBI")
MOST = 64
"""Most slices of a frame."""


def pack(sequence: int, quality: int, flags: int, slices: Sequence[bytes]) -> bytes:
    """Return a frame of these slices, empty ones missing; its first bytes are a frame header's but for the CRC."""
    lengths = struct.pack(f">{len(slices)}I", *map(len, slices))
    return _FRONT.pack(sequence & 0xFFFF, quality, flags, len(slices)) + lengths + b"".join(slices)


def unpack(data: bytes) -> list[bytes]:
    """Return the slices of a frame, empty ones missing.

    Raises:
        BitstreamError: The bytes are no sliced frame, or not a whole one.
    """
    if len(data) < _FRONT.size:
        raise BitstreamError(f"sliced frame of {len(data)} bytes: truncated; expected at least {_FRONT.size}")
    count = _FRONT.unpack_from(data)[3]
    start = _FRONT.size + 4 * count
    if not 1 <= count <= MOST or len(data) < start:
        raise BitstreamError(f"sliced frame of {count} slices in {len(data)} bytes; expected 1 to {MOST}, whole")
    lengths: tuple[int, ...] = struct.unpack_from(f">{count}I", data, _FRONT.size)
    if start + sum(lengths) != len(data):
        raise BitstreamError(f"sliced frame of {len(data)} bytes; expected {start + sum(lengths)}, as it says")
    slices: list[bytes] = []
    for length in lengths:
        slices.append(data[start : start + length])
        start += length
    return slices


def with_slices(data: bytes, slices: Sequence[bytes]) -> bytes:
    """Return a frame with other slices than `data` has, such as those that arrived."""
    sequence, quality, flags, _ = _FRONT.unpack_from(data)
    return pack(sequence, quality, flags, slices)


def missing(data: bytes) -> int:
    """Return how many slices of a frame are missing."""
    return sum(not each for each in unpack(data))


def sent_bytes(size_bytes: int, slices: int) -> int:
    """Return how many bytes of a frame of `size_bytes` cross a link; a frame that is not sliced (1) crosses it as it is."""
    return size_bytes if slices == 1 else size_bytes - _FRONT.size - 4 * slices
