"""Slices of a frame: bands of rows, each coded as a picture of its own, with a header of its own.

    0       2         3       4            8
    | sequence | quality | flags | CRC-32 | payload of the codec ...        flags: bit 0 key, bits 1 to 6 the slice's number

The header is a frame's (`framing`), with the slice's number in the flags; the CRC starts from the salt of the sliced stream, so
no slice passes for a frame, or for one of another stream. `verify` and `renumbered` take frames of either kind.
"""

from __future__ import annotations

import struct
import zlib

from simnet import sliced_frames
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.framing import Header
from simnet.errors import BitstreamError
from simnet.records import Announcement

GRAIN = 16
"""Bands begin at multiples of this: no codec's block lies in two of them."""
LEAST_ROWS = 32
"""Rows of the shortest band."""
_FRONT = struct.Struct(">HBB")


def bands(height: int, slices: int) -> list[tuple[int, int]]:
    """Return top and bottom (exclusive) of each band: nearly equal, the shorter ones first, of 32 rows or more if they fit."""
    grains = -(-height // GRAIN)
    edges = [GRAIN * (grains * number // slices) for number in range(slices)]
    return list(zip(edges, [*edges[1:], height], strict=True))


def pack(header: Header, number: int, payload: bytes, announcement: Announcement) -> bytes:
    """Return header and payload of a slice, as they cross the link."""
    front = _front(header, number)
    return front + _crc(front, payload, announcement).to_bytes(4, "big") + payload


def verified(data: bytes, number: int, announcement: Announcement) -> Header:
    """Return the header of slice `number`, whole and unaltered; raise BitstreamError for anything else."""
    if len(data) <= framing.HEADER.size:
        raise BitstreamError(f"slice of {len(data)} bytes: truncated; expected more than its header")
    sequence, quality, flags, crc = framing.HEADER.unpack_from(data)
    if _crc(data[:4], data[framing.HEADER.size :], announcement) != crc:
        raise BitstreamError(
            f"slice {number} of {len(data)} bytes: CRC-32 does not match; truncated, altered, or made by another codec than "
            f"{announcement.codec} {announcement.checkpoint_digest}".rstrip()
        )
    if flags != _flags(number, key=bool(flags & framing.KEY)):
        raise BitstreamError(f"slice {number} of frame {sequence}: flags 0x{flags:02x}; expected those of this slice")
    return Header(sequence, quality, bool(flags & framing.KEY))


def verify(data: bytes, announcement: Announcement) -> Header:
    """Return the header of a frame of this stream, sliced or not; every slice that is there must be whole and unaltered.

    Raises:
        BitstreamError: It is anything else.
    """
    if announcement.slices == 1:
        return framing.verify(data, announcement)
    slices = sliced_frames.unpack(data)
    if len(slices) != announcement.slices:
        raise BitstreamError(f"frame of {len(slices)} slices; the stream announced {announcement.slices}")
    header = framing.header(data)
    for number, each in enumerate(slices):
        if each and (own := verified(each, number, announcement)) != header:
            raise BitstreamError(f"slice {number} of frame {own.sequence}; expected one of frame {header.sequence}")
    return header


def renumbered(data: bytes, sequence: int, announcement: Announcement) -> bytes:
    """Return a whole frame, sliced or not, with another sequence number."""
    if announcement.slices == 1:
        return framing.renumbered(data, sequence, announcement)
    own = framing.header(data)
    if own.sequence == sequence & 0xFFFF:
        return data
    header = Header(sequence & 0xFFFF, own.quality, own.key)
    slices = [
        each and pack(header, number, framing.payload(each), announcement)
        for number, each in enumerate(sliced_frames.unpack(data))
    ]
    return sliced_frames.pack(sequence, own.quality, framing.KEY if own.key else 0, slices)


def _flags(number: int, *, key: bool) -> int:
    return number << 1 | (framing.KEY if key else 0)


def _front(header: Header, number: int) -> bytes:
    return _FRONT.pack(header.sequence & 0xFFFF, header.quality, _flags(number, key=header.key))


def _crc(front: bytes, payload: bytes, announcement: Announcement) -> int:
    return zlib.crc32(payload, zlib.crc32(front, framing.salt(announcement)))
