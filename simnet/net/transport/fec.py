"""Erasure code: a frame <-> packets of which any `repair` may be missing, Reed-Solomon over GF(2^8) (RFC 5510).

    frame, cut into k packets of one size (the last may be shorter)
    packets | 0 | 1 | ... | k-1 |     unchanged
    repair  | k | ... | k+r-1 |       each of one size; any k of the k + r packets restore the frame

A code has at most 256 packets; a larger frame is cut into blocks of nearly equal size (RFC 5052, section 9.1). The header of
every packet holds what its receiver needs: the frame's length, packets and blocks, and which packet of which block this is.
"""

from __future__ import annotations

import struct
from math import ceil
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.transport import reed_solomon

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = struct.Struct(">IHBBB")
"""Frame length in bytes, data packets of the frame, blocks, block, packet within its block."""


def encode(frame: bytes, limit: int, repair: float) -> list[bytes]:
    """Return the packets of a frame, the data packets first in each block.

    Args:
        frame: The bytes to carry.
        limit: Largest payload of a packet beside its header, in bytes, 1 or more.
        repair: Repair packets for each data packet, rounded up to whole packets per block.

    Raises:
        InputError: The frame is too large for the fields of the header.
    """
    count = max(1, -(-len(frame) // limit))
    blocks = _blocks(count, repair)
    if count > 0xFFFF or blocks > 0xFF:
        raise InputError(f"fec: {len(frame)} bytes in packets of {limit}; expected larger packets or a smaller frame")
    size = -(-len(frame) // count)
    packets: list[bytes] = []
    first = 0
    for block, data_count in enumerate(partition(count, blocks)):
        data = [frame[index * size : (index + 1) * size] for index in range(first, first + data_count)]
        first += data_count
        bodies = [*data, *reed_solomon.repair([each.ljust(size, b"\0") for each in data], ceil(repair * data_count))]
        packets += [HEADER.pack(len(frame), count, blocks, block, index) + body for index, body in enumerate(bodies)]
    return packets


def decode(packets: Sequence[bytes]) -> bytes | None:
    """Return the frame that arrived packets restore, or None if they are too few."""
    if not packets:
        return None
    length, count, blocks, *_ = HEADER.unpack_from(packets[0])
    arrived: dict[int, dict[int, bytes]] = {}
    size = -(-length // count)
    for packet in packets:
        *_, block, index = HEADER.unpack_from(packet)
        arrived.setdefault(block, {})[index] = packet[HEADER.size :].ljust(size, b"\0")
    data: list[bytes] = []
    for block, data_count in enumerate(partition(count, blocks)):
        found = arrived.get(block, {})
        if len(found) < data_count:
            return None
        data += reed_solomon.restore(found, data_count)
    return b"".join(data)[:length]


def data_packets(packet: bytes) -> int:
    """Return the number of data packets of a frame: fewer packets never restore it."""
    count: int = HEADER.unpack_from(packet)[1]
    return count


def is_repair(packet: bytes) -> bool:
    """Return whether a packet is a repair packet: its index is above those of the data of its block."""
    header: tuple[int, ...] = HEADER.unpack_from(packet)
    _, count, blocks, block, index = header
    return index >= partition(count, blocks)[block]


def partition(count: int, blocks: int) -> list[int]:
    """Return the packets of each block for `count` packets: larger blocks first (RFC 5052, section 9.1)."""
    small, larger = divmod(count, blocks)
    return [small + 1] * larger + [small] * (blocks - larger)


def _blocks(count: int, repair: float) -> int:
    """Return the smallest number of blocks that keeps every block within the size of a code."""
    blocks = 1
    while (most := -(-count // blocks)) + ceil(repair * most) > reed_solomon.SYMBOLS:
        blocks += 1
    return blocks
