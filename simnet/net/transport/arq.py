"""Selective repeat: the receiver acknowledges each packet; the sender repeats it until then or until the deadline.

    sender   --0--1--2-----------1'-->      packet 1 is lost; its timeout sends it again
    receiver <-----a0--a2----------a1--     over the links back, which may lose acknowledgements too

The **timeout** of a packet is fixed by the scenario or follows measured round trips as in RFC 9002 (6.2.1): the smoothed round
trip + max(4 x its variation, 1 ms), doubled with each retransmission of the packet. Until the first acknowledgement it is a
quarter of the time to the deadline. An acknowledgement names the transmission that it confirms, so every round trip is measured
without ambiguity.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from simnet.net.timers import call_after

if TYPE_CHECKING:
    from simnet.net.content import Content
    from simnet.net.transfer import Transfer
    from simnet.net.transport.frame_progress import FrameProgress
    from simnet.net.transport.path import Path

HEADER = struct.Struct(">HH")
HEADER_BYTES = HEADER.size
"""Packet and transmission, 16 bits each; the RTP timestamp, part of the link's overhead, identifies the frame."""
ACK_BYTES = 4 + HEADER_BYTES
"""RTP timestamp, packet and transmission that are confirmed, beside the link's overhead."""
GRANULARITY_NS = 1_000_000
FIRST_SHARE = 4


@dataclass(slots=True)
class Timeouts:
    """Timeouts of a stream: `fixed_ns`, or by measured round trips if that is None."""

    fixed_ns: int | None = None
    _smoothed_ns: float | None = None
    _variation_ns: float = 0.0

    def on_round_trip(self, round_trip_ns: int) -> None:
        """Update the estimates with a measured round trip (RFC 9002, 5.3)."""
        if self._smoothed_ns is None:
            self._smoothed_ns, self._variation_ns = float(round_trip_ns), round_trip_ns / 2
        else:
            self._variation_ns += (abs(self._smoothed_ns - round_trip_ns) - self._variation_ns) / 4
            self._smoothed_ns += (round_trip_ns - self._smoothed_ns) / 8

    def timeout_ns(self, transmission: int, left_ns: int) -> int:
        """Return the timeout of a packet's `transmission` (0 is the first), `left_ns` before the deadline."""
        if self.fixed_ns is not None:
            return self.fixed_ns
        if self._smoothed_ns is None:
            return max(GRANULARITY_NS, left_ns // FIRST_SHARE)
        return int(self._smoothed_ns + max(4 * self._variation_ns, GRANULARITY_NS)) << transmission


@dataclass(slots=True)
class Retransmission:
    """Transmission of one frame."""

    path: Path
    timeouts: Timeouts
    retries: int
    until_ns: int
    frame: bytes
    progress: FrameProgress
    _sizes: list[int] = field(default_factory=list[int])
    _arrived: set[int] = field(default_factory=set[int])
    _unconfirmed: set[int] = field(default_factory=set[int])
    """Packets without an acknowledgement, to be sent again."""

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

    def _send(self, packet: int, transmission: int) -> None:
        size_bytes = self._sizes[packet] + HEADER_BYTES
        self.progress.on_sent(size_bytes + self.path.packet_sizes()[1], again=transmission > 0)
        self.path.send_forward(
            size_bytes, partial(self._on_end, packet, transmission, self._now_ns), self._content(packet, transmission)
        )
        left_ns = max(0, self.until_ns - self._now_ns)
        timeout_ns = min(left_ns, self.timeouts.timeout_ns(transmission, left_ns))
        call_after(self.path.env, timeout_ns, lambda _: self._on_timeout(packet, transmission))

    def _content(self, packet: int, transmission: int) -> Content | None:
        if not self.path.network.is_observed:
            return None
        kind, begin = "again" if transmission else "media", packet * self._sizes[0]
        data = HEADER.pack(packet, transmission) + self.frame[begin : begin + self._sizes[packet]]
        return self.path.content(kind, self.until_ns, data, is_last=packet == len(self._sizes) - 1)

    def _on_end(self, packet: int, transmission: int, sent_ns: int, transfer: Transfer) -> None:
        self.progress.on_end(transfer)
        if transfer.complete:
            self._arrived.add(packet)
            echo = self.path.content("acknowledgement", self.until_ns, HEADER.pack(packet, transmission))
            self.path.send_reverse(ACK_BYTES, partial(self._on_acknowledgement, packet, sent_ns), echo)
            if len(self._arrived) == len(self._sizes) and not self.progress.delivered:
                self.progress.deliver(self.frame)
        self._close_if_done()

    def _on_acknowledgement(self, packet: int, sent_ns: int, transfer: Transfer) -> None:
        if not transfer.complete:
            return
        self.timeouts.on_round_trip(self._now_ns - sent_ns)
        if packet in self._unconfirmed:
            self._unconfirmed.remove(packet)
            self._close_if_done()

    def _on_timeout(self, packet: int, transmission: int) -> None:
        if packet not in self._unconfirmed:
            return
        if transmission < self.retries and self._now_ns < self.until_ns:
            self._send(packet, transmission + 1)
        else:
            self._unconfirmed.remove(packet)
            self._close_if_done()

    def _close_if_done(self) -> None:
        if not self._unconfirmed and not self.progress.in_flight:
            self.progress.close()
