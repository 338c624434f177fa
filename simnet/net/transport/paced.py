"""A transport under congestion control: a send queue, packets at a pace, and feedback on each of them.

    frame ──▶ | send queue | ──pace, window──▶ path ──▶ PacketLog ──▶ frame, when all its packets are there
                     ▲                                     │
                 CongestionControl ◀── RFC 8888 ── path back

Every packet is an event of its own, and lost or delivered on its own; none is sent again. What waits for longer than the frame's
deadline is taken out of the send queue: it would only delay the frames behind it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from simnet.net.congestion import packet_feedback
from simnet.net.congestion.gcc import Gcc
from simnet.net.congestion.packet_log import PacketLog
from simnet.net.congestion.scream import Scream
from simnet.net.ecn import CODEPOINTS, EcnField
from simnet.net.timers import call_after
from simnet.net.transport.frame_progress import FrameProgress

if TYPE_CHECKING:
    import simpy

    from simnet.net.congestion.congestion_control import CongestionControl
    from simnet.net.transfer import Transfer
    from simnet.net.transport.path import OnClose, OnDelivery, Path
    from simnet.records import RateConfig

STREAM = 1
"""SSRC in feedback: a message is about one stream, and its ends know which."""


def open_paced(rate: RateConfig, path: Path, period_ns: int) -> PacedTransport | None:
    """Return the transport of a stream whose frames come every `period_ns`; None without a congestion control."""
    if rate.congestion is None:
        return None
    if rate.kind == "gcc":
        control: CongestionControl = Gcc(rate.congestion, path.packet_sizes()[1])
    else:
        control = Scream(rate.congestion, period_ns)
    return PacedTransport(path, control, CODEPOINTS[rate.congestion.ecn])


@dataclass(slots=True)
class _Frame:
    """A frame on its way: what is left to send, and what has arrived."""

    data: bytes
    until_ns: int
    progress: FrameProgress
    payload_bytes: int
    unsent: int = 0
    """Bytes that no packet has taken yet."""
    arrived: int = 0
    """Bytes that have arrived."""
    given_up: bool = False

    @property
    def is_waiting(self) -> bool:
        return self.unsent > 0 and not self.given_up


@dataclass(slots=True)
class PacedTransport:
    """The transport of one stream (`Transport`), and the bit rate that its encoder should keep to."""

    path: Path
    control: CongestionControl
    codepoint: int
    """ECN field of its packets, as sent."""
    _queue: deque[_Frame] = field(default_factory=deque[_Frame])
    _sent: int = 0
    _next_ns: int = 0
    _last_ns: int = 0
    _wake_ns: int = -1
    _log: PacketLog = field(init=False)

    def __post_init__(self) -> None:
        self._log = PacketLog(STREAM)

    @property
    def target_bps(self) -> int:
        """Bit rate at which the encoder should make bitstreams now, without the headers of packets."""
        return int(self.control.target_bps)

    def send(self, frame: bytes, until_ns: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        """See `Transport`."""
        progress = FrameProgress(self.path, len(frame), on_delivery, on_close)
        payload_bytes, overhead_bytes = self.path.packet_sizes()
        own = _Frame(frame, until_ns, progress, payload_bytes, max(1, len(frame)))
        self._queue.append(own)
        packets = -(-own.unsent // payload_bytes)
        queued = sum(each.unsent for each in self._queue) + packets * overhead_bytes
        self.control.on_frame(self._now_ns, len(frame) + packets * overhead_bytes, queued)
        self._pump()

    @property
    def _now_ns(self) -> int:
        return int(self.path.env.now)

    def _pump(self) -> None:
        """Send what pace and window allow now, and make an event of when more may be sent."""
        while (frame := self._head()) is not None:
            now_ns = self._now_ns
            if now_ns < self._next_ns:
                self._wake_at(self._next_ns)
                return
            size_bytes = min(frame.payload_bytes, frame.unsent)
            overhead_bytes = self.path.packet_sizes()[1]
            if not self.control.may_send(now_ns, size_bytes + overhead_bytes):
                self._wake_at(min(max(self._last_ns + self.control.patience_ns, now_ns) + 1, frame.until_ns))
                return
            self._next_ns = now_ns + self.control.on_sent(now_ns, self._sent, size_bytes + overhead_bytes)
            self._last_ns = now_ns
            self._send_packet(frame, size_bytes, overhead_bytes)

    def _head(self) -> _Frame | None:
        """Return the frame whose packet is next; frames whose deadline has passed are given up."""
        while self._queue:
            frame = self._queue[0]
            if frame.is_waiting and frame.until_ns > self._now_ns:
                return frame
            self._queue.popleft()
            if frame.is_waiting:
                frame.given_up = True
                if not frame.progress.in_flight:
                    # From an event of its own, as transports promise.
                    call_after(self.path.env, 0, lambda _, frame=frame: frame.progress.close())
        return None

    def _send_packet(self, frame: _Frame, size_bytes: int, overhead_bytes: int) -> None:
        begin = max(len(frame.data), 1) - frame.unsent
        frame.unsent -= size_bytes
        frame.progress.on_sent(size_bytes + overhead_bytes)
        content = None
        if self.path.network.is_observed:
            data = frame.data[begin : begin + size_bytes]
            content = self.path.content("media", frame.until_ns, data, is_last=not frame.unsent)
        ecn = EcnField(self.codepoint)
        on_end = partial(self._on_end, frame, self._sent, ecn, size_bytes, not frame.unsent)
        self._sent += 1
        self.path.send_marked(size_bytes, on_end, ecn, content)

    def _on_end(
        self, frame: _Frame, sequence: int, ecn: EcnField, size_bytes: int, ends_frame: bool, transfer: Transfer
    ) -> None:
        frame.progress.on_end(transfer)
        if transfer.complete:
            frame.arrived += size_bytes
            message = self._log.receive(sequence, self._now_ns, ecn.codepoint, ends_frame=ends_frame)
            if message is not None:
                content = self.path.content("feedback", self._now_ns, message)
                self.path.send_reverse(len(message), partial(self._on_feedback, message), content)
            if frame.arrived >= max(1, len(frame.data)):
                frame.progress.deliver(frame.data)
        if not frame.progress.in_flight and not frame.is_waiting:
            frame.progress.close()

    def _on_feedback(self, message: bytes, transfer: Transfer) -> None:
        if transfer.complete:
            now_ns = self._now_ns
            self.control.on_feedback(now_ns, packet_feedback.unpack(message, self._sent, now_ns))
            self._pump()

    def _wake_at(self, wake_ns: int) -> None:
        """Make an event of `wake_ns`, unless one comes first."""
        now_ns = self._now_ns
        wake_ns = max(wake_ns, now_ns + 1)
        if not now_ns < self._wake_ns <= wake_ns:
            self._wake_ns = wake_ns
            call_after(self.path.env, wake_ns - now_ns, self._wake)

    def _wake(self, _event: simpy.Event) -> None:
        if self._now_ns == self._wake_ns:
            self._wake_ns = -1
        self._pump()
