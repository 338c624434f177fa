"""Bytes of a simulated packet in the format of a real packet of that size: IPv4, UDP, RTP, payload.

    IPv4 (20, RFC 791) | UDP (8, RFC 768) | RTP (12, RFC 3550) | payload

The headers are the 40 bytes of overhead that links add to a payload. Checksums are valid; packets are not fragmented.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADERS_BYTES = 40
LARGEST_BYTES = 0xFFFF
"""Maximum packet size in bytes, headers included: IPv4's length field has 16 bits."""
CLOCK_HZ = 90_000
"""Clock rate of RTP timestamps of video (RFC 3551, section 5)."""
DONT_FRAGMENT = 0x4000
UDP = 17
_IP = struct.Struct(">BBHHHBBH4s4s")
_UDP = struct.Struct(">HHHH")
_RTP = struct.Struct(">BBHII")


@dataclass(frozen=True, slots=True)
class Flow:
    """Header fields that all packets of one kind of one stream share."""

    source: bytes
    target: bytes
    """IPv4 addresses, 4 bytes each."""
    port: int
    payload_type: int
    ssrc: int


def timestamp(t_ns: int) -> int:
    """Return the RTP timestamp of a virtual time."""
    return t_ns * CLOCK_HZ // 1_000_000_000 & 0xFFFFFFFF


def packet(flow: Flow, number: int, stamp: int, payload: bytes, *, marker: bool, hops: int) -> bytes:
    """Return the packet on link number `hops` of its route, from 0; `number` counts the packets of the flow."""
    rtp = _RTP.pack(0x80, marker << 7 | flow.payload_type, number & 0xFFFF, stamp, flow.ssrc)
    length = _UDP.size + len(rtp) + len(payload)
    pseudo = flow.source + flow.target + struct.pack(">HH", UDP, length)
    ports = struct.pack(">HHH", flow.port, flow.port, length)
    # A checksum of 0 is sent as all ones, because 0 means that there is no checksum.
    checked = checksum(pseudo + ports + b"\0\0" + rtp + payload) or 0xFFFF
    fields = (0x45, 0, _IP.size + length, number & 0xFFFF, DONT_FRAGMENT, max(1, 64 - hops), UDP)
    front = checksum(_IP.pack(*fields, 0, flow.source, flow.target))
    return _IP.pack(*fields, front, flow.source, flow.target) + ports + struct.pack(">H", checked) + rtp + payload


def checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of all 16-bit words."""
    total = int.from_bytes(data + bytes(len(data) % 2), "big")
    # The sum with end-around carries is the remainder modulo 2^16 - 1; a remainder of 0 is all ones unless all words are zero.
    return 0xFFFF - (total % 0xFFFF or (0xFFFF if total else 0))
