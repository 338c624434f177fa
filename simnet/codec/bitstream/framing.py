"""The bitstream of one frame: an 8-byte header and the entropy-coded payload.

    0       2         3       4            8
    | sequence | quality | flags | CRC-32 | payload ...

Big-endian. The CRC covers the header's first four bytes and the payload, and starts from a value derived from the stream's
announcement. A frame of another codec, checkpoint or picture size is therefore rejected like a corrupted frame, before any
entropy decoder runs.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

from simnet import codec_names
from simnet.errors import BitstreamError
from simnet.records import Announcement

HEADER = struct.Struct(">HBBI")
_FRONT = struct.Struct(">HBB")
"""The header without its CRC."""
KEY = 0x01
"""Flag: this frame refers to no earlier frame."""
QUALITY_STEPS = 255


@dataclass(frozen=True, slots=True)
class Header:
    """Header fields of a frame; `quality` is a step in 0..255 of the quality range [0, 1]."""

    sequence: int
    quality: int
    key: bool


def quality_step(quality: float) -> int:
    """Return the header's step for a quality in [0, 1]."""
    if not 0 <= quality <= 1:
        raise BitstreamError(f"quality {quality}: expected a number from 0 to 1")
    return round(quality * QUALITY_STEPS)


@lru_cache(maxsize=4096)
def salt(announcement: Announcement) -> int:
    """Return the CRC's start value of a stream.

    A side-information stage behind the decoder (`+fuse`) does not change it, nor the folder that a codec's file of code is in.
    """
    a = announcement
    texts = [
        codec_names.shown(a.codec).partition("+")[0],
        a.checkpoint_digest,
        a.tables_digest,
        str(a.width),
        str(a.height),
    ]
    if a.parameters:
        texts.append(a.parameters)
    if a.slices > 1:
        texts.append(f"{a.slices} slices")
    return zlib.crc32("\0".join(texts).encode())


def pack(header: Header, payload: bytes, announcement: Announcement) -> bytes:
    """Return header and payload as the bytes that cross the link. Sequence numbers wrap at 65,536."""
    return salted(header.sequence, header.quality, header.key, payload, salt(announcement))


def salted(sequence: int, quality: int, key: bool, payload: bytes, salt: int) -> bytes:
    """Pack like `pack`, with the stream's `salt` computed once by the caller."""
    front = _FRONT.pack(sequence & 0xFFFF, quality, KEY if key else 0)
    return front + zlib.crc32(payload, zlib.crc32(front, salt)).to_bytes(4, "big") + payload


def verify(data: bytes, announcement: Announcement) -> Header:
    """Return the header of a whole, unaltered frame of this stream; raise BitstreamError for anything else."""
    if len(data) <= HEADER.size:
        raise BitstreamError(f"frame of {len(data)} bytes: truncated; expected more than its {HEADER.size}-byte header")
    sequence, quality, flags, crc = HEADER.unpack_from(data)
    if zlib.crc32(data[HEADER.size :], zlib.crc32(data[:4], salt(announcement))) != crc:
        raise BitstreamError(
            f"frame of {len(data)} bytes: CRC-32 does not match; truncated, altered, or made by another codec than "
            f"{announcement.codec} {announcement.checkpoint_digest}".rstrip()
        )
    if flags & ~KEY:
        raise BitstreamError(f"frame {sequence}: unknown flags 0x{flags:02x}; made by a newer version")
    return Header(sequence, quality, bool(flags & KEY))


def header(data: bytes) -> Header:
    """Return the header of a frame without checking it, for the frame's own encoder."""
    sequence, quality, flags, _ = HEADER.unpack_from(data)
    return Header(sequence, quality, bool(flags & KEY))


def is_key(data: bytes) -> bool:
    """Whether a frame refers to no earlier frame, read from an unchecked header."""
    return bool(data[3] & KEY)


def payload(data: bytes) -> bytes:
    """Return the entropy-coded part of a verified frame."""
    return data[HEADER.size :]


def renumbered(data: bytes, sequence: int, announcement: Announcement) -> bytes:
    """Return the frame with another sequence number, for an encoder that does not count from the stream's start."""
    own = header(data)
    if own.sequence == sequence & 0xFFFF:
        return data
    return pack(Header(sequence, own.quality, own.key), payload(data), announcement)
