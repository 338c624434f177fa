"""CoDel, controlled delay (RFC 8289): drops packets when the delay in the queue stays too high."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnet.net.queues.fifo import FifoQueue

if TYPE_CHECKING:
    from simnet.net.queues.discipline import QueuedPacket

SOON_INTERVALS = 16
"""A drop state within this many intervals of the last one continues at about its rate (RFC 8289, section 5.5)."""


class CodelQueue(FifoQueue):
    """A FIFO queue with drops at the head: the pseudo-code of RFC 8289, section 5, in integer ns.

    Once packets have waited for `target` or longer during a whole `interval`, it drops the packet at the head, and while that
    lasts further packets at distances of interval / sqrt(count). It drops nothing while it holds one packet's size or less. It
    refuses arrivals when it is full.
    """

    def __init__(self, capacity_bytes: int, target_ns: int, interval_ns: int, packet_bytes: int) -> None:
        """Create an empty queue; `packet_bytes` is the largest packet of the link."""
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
                    self._drop_next_ns = self._next_drop_ns(self._drop_next_ns)
        elif may_drop and packet is not None:
            dropped.append(packet)
            packet, _ = self._take(now_ns)
            self._dropping = True
            since_last = self._count - self._last_count
            soon = now_ns - self._drop_next_ns < SOON_INTERVALS * self._interval_ns
            self._count = since_last if since_last > 1 and soon else 1
            self._drop_next_ns = self._next_drop_ns(now_ns)
            self._last_count = self._count
        return packet, dropped

    def _take(self, now_ns: int) -> tuple[QueuedPacket | None, bool]:
        """Remove the head; return it and whether it may be dropped (`dodequeue` of the RFC)."""
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

    def _next_drop_ns(self, t_ns: int) -> int:
        """Return the time of the next drop, by the control law."""
        return t_ns + round(self._interval_ns / math.sqrt(self._count))
