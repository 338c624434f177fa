"""A FIFO queue of packets, bounded in bytes, in front of a transmitter whose future is known."""

from __future__ import annotations

from collections import deque

from simnet.net.statistics import BIN_NS


class ByteQueue:
    """Tail drop: a packet that does not fit entirely is refused.

    The packet in service is on the transmitter and does not count. Since service is first in, first out, the moment
    when a packet leaves the queue is known as it enters, and nothing has to happen at that moment.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._waiting: deque[tuple[int, int]] = deque()
        self._bytes = 0
        self._bin = -1
        """The last bin whose highest occupancy is known up to now."""
        self._bin_end_ns = 0
        self._peaks: dict[int, int] = {}

    def drain(self, now_ns: int) -> None:
        """Let go of what entered service by `now_ns`; a packet that does so at this very instant makes room already."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now_ns:
            start_ns, size_bytes = waiting.popleft()
            if start_ns > self._bin_end_ns:
                self._carry((start_ns - 1) // BIN_NS)
            self._bytes -= size_bytes
        if now_ns >= self._bin_end_ns:
            self._carry(now_ns // BIN_NS)

    def push(self, start_ns: int, size_bytes: int) -> bool:
        """Take in a packet whose service starts at `start_ns`; return False where it does not fit."""
        if self._bytes + size_bytes > self._capacity:
            return False
        self._bytes += size_bytes
        self._waiting.append((start_ns, size_bytes))
        return True

    def note(self) -> None:
        """Remember the present occupancy for the bin that `drain` came to: call it after the pushes of an instant."""
        if self._bytes > self._peaks.get(self._bin, 0):
            self._peaks[self._bin] = self._bytes

    def peaks(self, now_ns: int) -> dict[int, int]:
        """Return the highest occupancy in bytes for every bin up to `now_ns` in which anything waited."""
        self.drain(now_ns)
        return dict(self._peaks)

    def _carry(self, up_to: int) -> None:
        """Bins in which nothing came in start with what was there, and that is their highest."""
        if self._bytes:
            for index in range(self._bin + 1, up_to + 1):
                self._peaks[index] = self._bytes
        self._bin = up_to
        self._bin_end_ns = (up_to + 1) * BIN_NS
