"""The receiver of a paced stream: it remembers packets, and says when their feedback is due.

Feedback goes out after the last packet of a frame, after `PACKETS` packets, and `INTERVAL_NS` after the last one while packets
arrive, as SCReAM's authors advise (draft-ietf-ccwg-rfc8298bis-screamv2, "Receiver Requirements on Feedback Intensity"). Each
message spans the last `SPAN` packets, so that one that is lost takes no knowledge with it.
"""

from __future__ import annotations

from simnet.net.congestion import packet_feedback

PACKETS = 16
SPAN = 32
INTERVAL_NS = 40_000_000


class PacketLog:
    """Arrivals of one stream's packets, the last `SPAN` of them."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._arrivals: dict[int, tuple[int, int]] = {}
        self._highest = -1
        self._since_last = 0
        self._reported_ns: int | None = None

    def receive(self, sequence: int, now_ns: int, ecn: int, *, ends_frame: bool) -> bytes | None:
        """Take in a packet; return the feedback message that is due now, if any."""
        self._arrivals[sequence] = now_ns, ecn
        self._since_last += 1
        if sequence > self._highest:
            self._highest = sequence
            oldest = sequence - SPAN
            for each in [each for each in self._arrivals if each <= oldest]:
                del self._arrivals[each]
        is_late = self._reported_ns is None or now_ns - self._reported_ns > INTERVAL_NS
        if not (ends_frame or is_late or self._since_last >= PACKETS):
            return None
        self._since_last, self._reported_ns = 0, now_ns
        first = max(0, self._highest - SPAN + 1)
        return packet_feedback.pack(self._ssrc, first, self._highest - first + 1, self._arrivals, now_ns)
