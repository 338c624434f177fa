"""Feedback on every packet, as an RTCP message (RFC 8888).

|V=2|P| FMT=11  |    PT=205     |            length             |
|                   SSRC of the feedback's sender               |
|                   SSRC of the stream                          |
|       first sequence          |      number of reports        |
|R|ECN|  arrival time offset    |R|ECN|  arrival time offset    |   1/1024 s before the report timestamp
|                      report timestamp                         |   the middle 32 bits of NTP time: 1/65536 s
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from simnet.errors import WireError
from simnet.net.congestion.congestion_control import PacketReport
from simnet.net.ecn import CE
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = struct.Struct(">BBHI")
BLOCK = struct.Struct(">IHH")
VERSION_AND_FORMAT, RTPFB = 0x80 | 11, 205
MOST_REPORTS = 16_384
"""Packets of one message (RFC 8888, section 3.1)."""
LATEST_OFFSET = 0x1FFD
TOO_OLD = 0x1FFE
NTP_PER_SECOND = 65_536


def size_bytes(reports: int) -> int:
    """Return the size of a message with so many reports on one stream."""
    return HEADER.size + BLOCK.size + 4 * ((reports + 1) // 2) + 4


def pack(ssrc: int, first: int, count: int, arrivals: Mapping[int, tuple[int, int]], now_ns: int) -> bytes:
    """Return the message on packets `first` to `first + count - 1` of one stream.

    `arrivals` holds when each of those that arrived did (ns) and its ECN field, by sequence.
    """
    now = _ntp(now_ns)
    reports = [_report(arrivals.get(sequence), now) for sequence in range(first, first + count)]
    reports += [0] * (count % 2)
    length = size_bytes(count) // 4 - 1
    return b"".join((
        HEADER.pack(VERSION_AND_FORMAT, RTPFB, length, ssrc),
        BLOCK.pack(ssrc, first & 0xFFFF, count),
        struct.pack(f">{len(reports)}H", *reports),
        struct.pack(">I", now & 0xFFFFFFFF),
    ))  # fmt: skip


def unpack(message: bytes, expected: int, now_ns: int) -> list[PacketReport]:
    """Return the packets that have arrived, ascending.

    Args:
        message: The bytes.
        expected: A sequence near those reported, so that 16 bits name one packet.
        now_ns: A time at most half a day after the report, so that 32 bits name one time.

    Raises:
        WireError: It is no such message.
    """
    if len(message) < size_bytes(0) or HEADER.unpack_from(message)[:2] != (VERSION_AND_FORMAT, RTPFB):
        raise WireError(f"{len(message)} bytes are no congestion control feedback (RFC 8888)")
    _, first, count = BLOCK.unpack_from(message, HEADER.size)
    if len(message) != size_bytes(count):
        raise WireError(
            f"congestion control feedback of {len(message)} bytes; {count} reports take {size_bytes(count)}"
        )
    (stamp,) = struct.unpack_from(">I", message, len(message) - 4)
    first = expected + ((first - expected + 0x8000) & 0xFFFF) - 0x8000
    latest = _ntp(now_ns)
    stamp = latest - ((latest - stamp) & 0xFFFFFFFF)
    reports = struct.unpack_from(f">{count}H", message, HEADER.size + BLOCK.size)
    return [
        PacketReport(first + index, _ns(stamp - (report & 0x1FFF) * 64), (report >> 13) & 3 == CE)
        for index, report in enumerate(reports)
        if report & 0x8000
    ]


def _report(arrival: tuple[int, int] | None, now: int) -> int:
    if arrival is None:
        return 0
    arrived_ns, ecn = arrival
    offset = (now - _ntp(arrived_ns)) >> 6
    return 0x8000 | ecn << 13 | (offset if offset <= LATEST_OFFSET else TOO_OLD)


def _ntp(t_ns: int) -> int:
    return t_ns * NTP_PER_SECOND // SECOND_NS


def _ns(ntp: int) -> int:
    return ntp * SECOND_NS // NTP_PER_SECOND
