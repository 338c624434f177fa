"""First in, first out, with tail drop, where what goes next is asked for when it can go."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.net.queues.discipline import Waiting


class FifoQueue:
    """A packet that does not fit entirely is refused."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._packets: deque[Waiting] = deque()
        self.size_bytes = 0

    @property
    def packets(self) -> int:
        """See `Discipline`."""
        return len(self._packets)

    def push(self, packet: Waiting) -> None:
        """See `Discipline`."""
        self._packets.append(packet)
        self.size_bytes += packet.size_bytes

    def offer(self, packet: Waiting) -> list[Waiting]:
        """See `Discipline`."""
        if self.size_bytes + packet.size_bytes > self._capacity:
            return [packet]
        self.push(packet)
        return []

    def pop(self, now_ns: int) -> tuple[Waiting | None, list[Waiting]]:
        """See `Discipline`."""
        if not self._packets:
            return None, []
        packet = self._packets.popleft()
        self.size_bytes -= packet.size_bytes
        return packet, []
