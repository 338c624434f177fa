"""Writer of the pcapng blocks that a capture of simulated packets needs (draft-ietf-opsawg-pcapng).

    section header | interface description ... | name resolution | enhanced packet ...

Blocks are little-endian; each has its length at both ends and is padded to 32 bits.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SECTION, INTERFACE, NAMES, PACKET = 0x0A0D0D0A, 1, 4, 6
LINKTYPE_RAW = 101
"""Link type of packets that begin with the IP header."""
COMMENT, IF_NAME, IF_DESCRIPTION, IF_TSRESOL, SHB_USERAPPL = 1, 2, 3, 9, 4
NANOSECONDS = 9
"""Exponent of the time resolution: 10^-9 s."""
NAME_IPV4 = 1
_PACKET = struct.Struct("<IIIIIII")
_LENGTH = struct.Struct("<I")


def section(program: str, comment: str) -> bytes:
    """Return the section header block, the first block of a file."""
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    return _block(SECTION, body + _options((COMMENT, comment.encode()), (SHB_USERAPPL, program.encode())))


def interface(name: str, description: str) -> bytes:
    """Return the interface description block of IP packets with times in ns; interfaces are numbered from 0 in order."""
    options = _options(
        (IF_NAME, name.encode()), (IF_DESCRIPTION, description.encode()), (IF_TSRESOL, bytes([NANOSECONDS]))
    )
    return _block(INTERFACE, struct.pack("<HHI", LINKTYPE_RAW, 0, 0) + options)


def names(hosts: Iterable[tuple[bytes, str]]) -> bytes:
    """Return a name resolution block: IPv4 addresses (4 bytes each) and their names."""
    records = b"".join(_record(NAME_IPV4, address + name.encode() + b"\0") for address, name in hosts)
    return _block(NAMES, records + _record(0, b""))


def packet(interface_number: int, t_ns: int, data: bytes) -> bytes:
    """Return the enhanced packet block of a packet on an interface at `t_ns`."""
    total = 32 + len(data) + -len(data) % 4
    front = _PACKET.pack(PACKET, total, interface_number, t_ns >> 32, t_ns & 0xFFFFFFFF, len(data), len(data))
    return front + _padded(data) + _LENGTH.pack(total)


def _block(kind: int, body: bytes) -> bytes:
    total = 12 + len(body)
    return struct.pack("<II", kind, total) + body + _LENGTH.pack(total)


def _options(*options: tuple[int, bytes]) -> bytes:
    return b"".join(_record(code, value) for code, value in options) + _record(0, b"")


def _record(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
