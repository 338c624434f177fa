"""A FIFO queue bounded in bytes, for a transmitter whose future is known."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING

from simnet.net.link_history import BIN_NS

if TYPE_CHECKING:
    from collections.abc import Sequence


class OccupancyPeaks:
    """Highest occupancy in bytes of each bin, updated with every change in order of time."""

    def __init__(self) -> None:
        self.by_bin = array("q")
        """Peaks by bin, up to the last one in which a packet waited."""
        self._bin = -1
        self.end_ns = 0
        """End of the last known bin."""

    def before(self, t_ns: int, size_bytes: int) -> None:
        """Note the bytes that waited until `t_ns`, when a packet leaves."""
        if t_ns > self.end_ns:
            self._extend((t_ns - 1) // BIN_NS, size_bytes)

    def after(self, t_ns: int, size_bytes: int) -> None:
        """Note the bytes that wait from `t_ns` on, once everything at that instant has happened."""
        if t_ns >= self.end_ns:
            self._extend(t_ns // BIN_NS, size_bytes)
        if size_bytes:
            self._raise(self._bin, size_bytes)

    def _extend(self, up_to: int, size_bytes: int) -> None:
        """Extend the bins up to `up_to`: without arrivals, the occupancy at the start of a bin is its peak."""
        if size_bytes:
            for index in range(self._bin + 1, up_to + 1):
                self._raise(index, size_bytes)
        self._bin = up_to
        self.end_ns = (up_to + 1) * BIN_NS

    def _raise(self, index: int, size_bytes: int) -> None:
        """Note that so many bytes waited at some time in this bin."""
        by_bin = self.by_bin
        missing = index + 1 - len(by_bin)
        if missing > 0:
            by_bin.extend([0] * missing)
        by_bin[index] = max(by_bin[index], size_bytes)


class ByteQueue:
    """A queue with tail drop: it refuses a packet that does not fit entirely.

    The packet in service is on the transmitter and does not count. Since service is first in, first out, the time at
    which a packet leaves the queue is known when it enters, so leaving needs no event.
    """

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._waiting: deque[tuple[int, int]] = deque()
        """When each packet leaves, and its bytes; those of `_burst` come after."""
        self._burst: tuple[Sequence[int], Sequence[int]] | None = None
        """The packets that came together last: most queues are empty before the next ones come, and need no more of them."""
        self._bytes = 0
        self._now_ns = 0
        self._peaks = OccupancyPeaks()

    def drain(self, now_ns: int) -> None:
        """Remove packets that entered service by `now_ns`, those at this instant included."""
        waiting, peaks = self._waiting, self._peaks
        if self._burst is not None:
            starts_ns, sizes_bytes = self._burst
            self._burst = None
            if starts_ns[-1] <= now_ns and starts_ns[-1] <= peaks.end_ns:
                waiting.clear()
                self._bytes = 0
            else:
                waiting.extend(zip(starts_ns, sizes_bytes, strict=True))
        if waiting and waiting[-1][0] <= now_ns and waiting[-1][0] <= peaks.end_ns:
            # The queue has been empty since before the end of the known bin.
            waiting.clear()
            self._bytes = 0
        while waiting and waiting[0][0] <= now_ns:
            start_ns, size_bytes = waiting.popleft()
            if start_ns > peaks.end_ns:
                peaks.before(start_ns, self._bytes)
            self._bytes -= size_bytes
        self._now_ns = now_ns
        if now_ns >= peaks.end_ns:
            peaks.after(now_ns, self._bytes)

    def fits(self, size_bytes: int) -> bool:
        """Return whether `size_bytes` more fit into the queue."""
        return self._bytes + size_bytes <= self._capacity

    def push_all(self, now_ns: int, starts_ns: Sequence[int], sizes_bytes: Sequence[int]) -> None:
        """Add packets that fit, first to last, after `drain`; those that start by now do not wait, but the last does."""
        first = bisect_right(starts_ns, now_ns)
        starts_ns, sizes_bytes = starts_ns[first:], sizes_bytes[first:]
        self._bytes += sum(sizes_bytes)
        self._burst = starts_ns, sizes_bytes

    def push(self, start_ns: int, size_bytes: int) -> bool:
        """Add a packet whose service starts at `start_ns`; return False if it does not fit."""
        if self._bytes + size_bytes > self._capacity:
            return False
        self._bytes += size_bytes
        self._waiting.append((start_ns, size_bytes))
        return True

    def note_occupancy(self) -> None:
        """Update the peaks with the current occupancy, after the pushes of an instant."""
        self._peaks.after(self._now_ns, self._bytes)

    def peaks(self, now_ns: int) -> array[int]:
        """Return the highest occupancy in bytes by bin, up to the last one before `now_ns` in which a packet waited."""
        self.drain(now_ns)
        self.note_occupancy()
        return self._peaks.by_bin
