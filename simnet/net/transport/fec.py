"""A frame <-> packets of which any `repair` may be missing: Reed-Solomon erasure codes over GF(2^8) (zfec; RFC 5510).

    frame, cut in k packets of one size (the last may be shorter)
    packets | 0 | 1 | ... | k-1 |     as they are
    repair  | k | ... | k+r-1 |       each of one size; any k of the k + r give the frame back

A code has at most 256 packets; a larger frame is cut into blocks of nearly equal size (RFC 5052, section 9.1).
Every packet says what its receiver needs: the frame's length, its packets, its blocks, which block and which packet of it.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = struct.Struct(">IHBBB")
"""Frame length in bytes, packets of data in the frame, blocks, block, packet within its block."""
CODE_PACKETS = 256


def encode(frame: bytes, limit: int, repair: float) -> list[bytes]:
    """Return the packets of a frame, those of data first in each block.

    Args:
        frame: The bytes to carry.
        limit: What a packet carries at most beside its header, in bytes, 1 or more.
        repair: Repair packets for each packet of data, rounded up to whole packets a block.

    Raises:
        InputError: A frame too large for the header's fields.
    """
    count = max(1, -(-len(frame) // limit))
    blocks = _blocks(count, repair)
    if count > 0xFFFF or blocks > 0xFF:
        raise InputError(f"fec: {len(frame)} bytes in packets of {limit}; expected larger packets or a smaller frame")
    size = -(-len(frame) // count)
    packets: list[bytes] = []
    first = 0
    for block, here in enumerate(partition(count, blocks)):
        data = [frame[place * size : (place + 1) * size] for place in range(first, first + here)]
        first += here
        bodies = [*data, *_repairs([each.ljust(size, b"\0") for each in data], ceil(repair * here))]
        packets += [HEADER.pack(len(frame), count, blocks, block, place) + body for place, body in enumerate(bodies)]
    return packets


def decode(packets: Sequence[bytes]) -> bytes | None:
    """Return the frame of any packets of it that arrived, or None where too few did."""
    if not packets:
        return None
    length, count, blocks, *_ = HEADER.unpack_from(packets[0])
    arrived: dict[int, dict[int, bytes]] = {}
    size = -(-length // count)
    for packet in packets:
        *_, block, place = HEADER.unpack_from(packet)
        arrived.setdefault(block, {})[place] = packet[HEADER.size :].ljust(size, b"\0")
    whole: list[bytes] = []
    for block, here in enumerate(partition(count, blocks)):
        found = arrived.get(block, {})
        if len(found) < here:
            return None
        whole += _restored(found, here)
    return b"".join(whole)[:length]


def needed(packet: bytes) -> int:
    """Return how many packets a frame is cut into: fewer never give it back."""
    return HEADER.unpack_from(packet)[1]


def is_repair(packet: bytes) -> bool:
    """Tell whether a packet is one of repair: its place is behind those of its block's data."""
    _, count, blocks, block, place = HEADER.unpack_from(packet)
    return place >= partition(count, blocks)[block]


def partition(count: int, blocks: int) -> list[int]:
    """Return how many of `count` packets each block has: the larger blocks first (RFC 5052, section 9.1)."""
    small, larger = divmod(count, blocks)
    return [small + 1] * larger + [small] * (blocks - larger)


def _blocks(count: int, repair: float) -> int:
    """Return the least number of blocks of which none has more packets than a code can have."""
    blocks = 1
    while (most := -(-count // blocks)) + ceil(repair * most) > CODE_PACKETS:
        blocks += 1
    return blocks


def _repairs(data: list[bytes], count: int) -> list[bytes]:
    if not count:
        return []
    return _code("Encoder", len(data), len(data) + count).encode(data)[len(data) :]


def _restored(found: dict[int, bytes], count: int) -> list[bytes]:
    if all(place in found for place in range(count)):
        return [found[place] for place in range(count)]
    places = sorted(found)[:count]
    # The code of 256 packets begins with every shorter one.
    return _code("Decoder", count, CODE_PACKETS).decode([found[place] for place in places], places)


@lru_cache(maxsize=256)
def _code(kind: str, count: int, of: int) -> Any:
    import zfec

    return getattr(zfec, kind)(count, of)
