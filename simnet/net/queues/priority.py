"""A queue with strict priority: highest priority first, oldest first within a priority."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.net.queues.discipline import QueuedPacket


class PriorityQueue:
    """Serves the highest priority first and never interrupts a packet in service.

    A full queue makes room by dropping the newest packets of the lowest priority. It refuses a packet if those of lower priority
    would not make enough room for it.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._by_priority: dict[int, deque[QueuedPacket]] = {}
        self.size_bytes = 0
        self.packets = 0

    def push(self, packet: QueuedPacket) -> None:
        """See `QueueDiscipline`."""
        self._by_priority.setdefault(packet.priority, deque()).append(packet)
        self._count(packet, 1)

    def offer(self, packet: QueuedPacket) -> list[QueuedPacket]:
        """See `QueueDiscipline`."""
        missing = self.size_bytes + packet.size_bytes - self._capacity
        lower = sorted(priority for priority in self._by_priority if priority < packet.priority)
        if missing > sum(each.size_bytes for priority in lower for each in self._by_priority[priority]):
            return [packet]
        dropped: list[QueuedPacket] = []
        while missing > 0:
            lowest = next(self._by_priority[priority] for priority in lower if self._by_priority[priority])
            dropped.append(lowest.pop())
            self._count(dropped[-1], -1)
            missing -= dropped[-1].size_bytes
        self.push(packet)
        return dropped

    def pop(self, now_ns: int) -> tuple[QueuedPacket | None, list[QueuedPacket]]:
        """See `QueueDiscipline`."""
        for priority in sorted(self._by_priority, reverse=True):
            if self._by_priority[priority]:
                packet = self._by_priority[priority].popleft()
                self._count(packet, -1)
                return packet, []
        return None, []

    def _count(self, packet: QueuedPacket, sign: int) -> None:
        self.size_bytes += sign * packet.size_bytes
        self.packets += sign
