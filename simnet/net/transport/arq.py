"""Selective repeat: each packet of a frame is acknowledged by itself, and sent again until it is or the deadline has come.

    sender   --0--1--2-----------1'-->      packet 1 is lost; its timeout sends it again
    receiver <-----a0--a2----------a1--     over the links back, which may lose acknowledgements too

The **timeout** of a packet is what the scenario says, or follows measured round trips as in RFC 9002 (6.2.1): the smoothed
round trip + max(4 x its variation, 1 ms), doubled with each time that the packet is sent again. Until the first acknowledgement
it is a quarter of the time to the deadline. Acknowledgements echo which sending they confirm, so that every one is a round trip
measured without ambiguity.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.net.packet_observer import Content
    from simnet.net.transport.frame_progress import FrameProgress
    from simnet.net.transport.transfer import Transfer
    from simnet.net.transport.transport import Path

HEADER = struct.Struct(">HH")
HEADER_BYTES = HEADER.size
"""Packet and sending, 16 bits each; the frame is known by the RTP timestamp, which the link's overhead counts."""
ACK_BYTES = 4 + HEADER_BYTES
"""The RTP timestamp, packet and sending of what is confirmed, beside the link's overhead."""
GRANULARITY_NS = 1_000_000
FIRST_SHARE = 4


@dataclass(slots=True)
class Timeouts:
    """How long a stream waits for an acknowledgement; `fixed_ns` None: measured round trips decide."""

    fixed_ns: int | None = None
    _smoothed_ns: float | None = None
    _variation_ns: float = 0.0

    def measured(self, round_trip_ns: int) -> None:
        """Take a round trip in (RFC 9002, 5.3)."""
        if self._smoothed_ns is None:
            self._smoothed_ns, self._variation_ns = float(round_trip_ns), round_trip_ns / 2
        else:
            self._variation_ns += (abs(self._smoothed_ns - round_trip_ns) - self._variation_ns) / 4
            self._smoothed_ns += (round_trip_ns - self._smoothed_ns) / 8

    def of(self, sending: int, left_ns: int) -> int:
        """Return the timeout of a packet's `sending` (0 is the first), `left_ns` ahead of the deadline."""
        if self.fixed_ns is not None:
            return self.fixed_ns
        if self._smoothed_ns is None:
            return max(GRANULARITY_NS, left_ns // FIRST_SHARE)
        return int(self._smoothed_ns + max(4 * self._variation_ns, GRANULARITY_NS)) << sending


@dataclass(slots=True)
class Retransmission:
    """One frame under way."""

    path: Path
    timeouts: Timeouts
    retries: int
    until_ns: int
    frame: bytes
    progress: FrameProgress
    _sizes: list[int] = field(default_factory=list)
    _arrived: set[int] = field(default_factory=set)
    _unconfirmed: set[int] = field(default_factory=set)
    """Packets that may be sent again."""

    def begin(self) -> None:
        """Send every packet once."""
        limit = self.path.payload_capacity(HEADER_BYTES)
        full, rest = divmod(len(self.frame), limit)
        self._sizes = [limit] * full + ([rest] if rest or not full else [])
        self._unconfirmed = set(range(len(self._sizes)))
        for packet in range(len(self._sizes)):
            self._send(packet, 0)

    @property
    def _now_ns(self) -> int:
        return int(self.path.env.now)

    def _send(self, packet: int, sending: int) -> None:
        size_bytes = self._sizes[packet] + HEADER_BYTES
        self.progress.sent(size_bytes + self.path.packet_sizes()[1], again=sending > 0)
        self.path.send_forward(
            size_bytes, partial(self._ended, packet, sending, self._now_ns), self._content(packet, sending)
        )
        left_ns = max(0, self.until_ns - self._now_ns)
        timer = self.path.env.timeout(min(left_ns, self.timeouts.of(sending, left_ns)))
        timer.callbacks.append(lambda _: self._timed_out(packet, sending))

    def _content(self, packet: int, sending: int) -> Content | None:
        if not self.path.network.is_observed:
            return None
        kind, begin = "again" if sending else "media", packet * self._sizes[0]
        data = HEADER.pack(packet, sending) + self.frame[begin : begin + self._sizes[packet]]
        return self.path.content(kind, self.until_ns, data, is_last=packet == len(self._sizes) - 1)

    def _ended(self, packet: int, sending: int, sent_ns: int, transfer: Transfer) -> None:
        self.progress.ended(transfer)
        if transfer.complete:
            self._arrived.add(packet)
            echo = self.path.content("acknowledgement", self.until_ns, HEADER.pack(packet, sending))
            self.path.send_reverse(ACK_BYTES, partial(self._acknowledged, packet, sent_ns), echo)
            if len(self._arrived) == len(self._sizes) and not self.progress.delivered:
                self.progress.deliver(self.frame)
        self._close_at_last()

    def _acknowledged(self, packet: int, sent_ns: int, transfer: Transfer) -> None:
        if not transfer.complete:
            return
        self.timeouts.measured(self._now_ns - sent_ns)
        if packet in self._unconfirmed:
            self._unconfirmed.remove(packet)
            self._close_at_last()

    def _timed_out(self, packet: int, sending: int) -> None:
        if packet not in self._unconfirmed:
            return
        if sending < self.retries and self._now_ns < self.until_ns:
            self._send(packet, sending + 1)
        else:
            self._unconfirmed.remove(packet)
            self._close_at_last()

    def _close_at_last(self) -> None:
        if not self._unconfirmed and not self.progress.in_flight:
            self.progress.close()
