"""A FIFO queue with tail drop, for links that ask for the next packet when the transmitter is free."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.net.queues.discipline import QueuedPacket


class FifoQueue:
    """Serves packets in order of arrival and refuses a packet that does not fit entirely."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._packets: deque[QueuedPacket] = deque()
        self.size_bytes = 0

    @property
    def packets(self) -> int:
        """See `QueueDiscipline`."""
        return len(self._packets)

    def push(self, packet: QueuedPacket) -> None:
        """See `QueueDiscipline`."""
        self._packets.append(packet)
        self.size_bytes += packet.size_bytes

    def offer(self, packet: QueuedPacket) -> list[QueuedPacket]:
        """See `QueueDiscipline`."""
        if self.size_bytes + packet.size_bytes > self._capacity:
            return [packet]
        self.push(packet)
        return []

    def pop(self, now_ns: int) -> tuple[QueuedPacket | None, list[QueuedPacket]]:
        """See `QueueDiscipline`."""
        if not self._packets:
            return None, []
        packet = self._packets.popleft()
        self.size_bytes -= packet.size_bytes
        return packet, []
