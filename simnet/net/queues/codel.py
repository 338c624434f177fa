"""CoDel, controlled delay (RFC 8289): packets are dropped where the queue has kept them too long for too long."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnet.net.queues.fifo import FifoQueue

if TYPE_CHECKING:
    from simnet.net.queues.discipline import QueuedPacket

SOON_INTERVALS = 16
"""A drop state that comes so soon after the last one goes on at about that one's rate (RFC 8289, section 5.5)."""


class CodelQueue(FifoQueue):
    """First in, first out, with drops at the head; the pseudo-code of RFC 8289, section 5, in integer ns.

    Once packets have waited for `target` or longer during a whole `interval`, the one at the head is dropped, and while that
    lasts further ones at distances of interval / sqrt(count). A queue of one packet's size or less drops nothing. A full queue
    refuses what comes.
    """

    def __init__(self, capacity_bytes: int, target_ns: int, interval_ns: int, packet_bytes: int) -> None:
        """`packet_bytes` is the largest packet of the link."""
        super().__init__(capacity_bytes)
        self._target_ns, self._interval_ns, self._packet_bytes = target_ns, interval_ns, packet_bytes
        self._first_above_ns: int | None = None
        self._dropping = False
        self._drop_next_ns = 0
        self._count = self._last_count = 0

    def pop(self, now_ns: int) -> tuple[QueuedPacket | None, list[QueuedPacket]]:
        """See `QueueDiscipline`."""
        dropped: list[QueuedPacket] = []
        packet, may_drop = self._take(now_ns)
        if self._dropping:
            self._dropping = may_drop
            while self._dropping and now_ns >= self._drop_next_ns and packet is not None:
                dropped.append(packet)
                self._count += 1
                packet, self._dropping = self._take(now_ns)
                if self._dropping:
                    self._drop_next_ns = self._after(self._drop_next_ns)
        elif may_drop and packet is not None:
            dropped.append(packet)
            packet, _ = self._take(now_ns)
            self._dropping = True
            since_last = self._count - self._last_count
            soon = now_ns - self._drop_next_ns < SOON_INTERVALS * self._interval_ns
            self._count = since_last if since_last > 1 and soon else 1
            self._drop_next_ns = self._after(now_ns)
            self._last_count = self._count
        return packet, dropped

    def _take(self, now_ns: int) -> tuple[QueuedPacket | None, bool]:
        """Return the head, and whether it may be dropped: `dodequeue` of the RFC."""
        packet, _ = super().pop(now_ns)
        if packet is None:
            self._first_above_ns = None
            return None, False
        if now_ns - packet.entered_ns < self._target_ns or self.size_bytes <= self._packet_bytes:
            self._first_above_ns = None
            return packet, False
        if self._first_above_ns is None:
            self._first_above_ns = now_ns + self._interval_ns
            return packet, False
        return packet, now_ns >= self._first_above_ns

    def _after(self, t_ns: int) -> int:
        """The control law."""
        return t_ns + round(self._interval_ns / math.sqrt(self._count))
