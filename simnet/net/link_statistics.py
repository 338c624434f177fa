"""Counts of a link: packets and bytes, in total and in bins of 100 ms. sent = delivered + lost + dropped + in flight."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from simnet.net.link_history import BIN_NS, COUNTS, WIDTH, LinkHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simnet.net.link_history import Column
    from simnet.records.link_bin import LinkBin

__all__ = ["BIN_NS", "RECENT_BINS", "LinkCounters", "LinkStatistics"]

RECENT_BINS = 5
SENT, DELIVERED, LOST, DROPPED = (COUNTS.index(f"{what}_packets") for what in ("sent", "delivered", "lost", "dropped"))
"""Places of packets in a bin's counts; those of their bytes follow."""
_NO_BIN = bytes(WIDTH * array("q").itemsize)


@dataclass(frozen=True, slots=True)
class LinkStatistics:
    """Totals of one link from the start until now. Bytes include the overhead of every packet.

    `sent` is everything that was offered: sent = delivered + lost (on the air) + dropped (by the queue) + in flight.
    """

    link: str
    sent_packets: int
    sent_bytes: int
    delivered_packets: int
    delivered_bytes: int
    lost_packets: int
    lost_bytes: int
    dropped_packets: int
    dropped_bytes: int
    in_flight_packets: int
    in_flight_bytes: int
    history: LinkHistory
    """The same counts by bins from time 0 without gaps; they add up to the totals."""
    traffic_sent_bytes: int = 0
    """Bytes of `sent_bytes` that are background traffic."""
    traffic_delivered_bytes: int = 0
    """Bytes of `delivered_bytes` that are background traffic."""

    @property
    def bins(self) -> tuple[LinkBin, ...]:
        """The bins of `history` as records."""
        return self.history.bins

    def columns(self) -> dict[str, Column]:
        """Return the fields of `LinkBin`, a column each, in order of time."""
        return self.history.columns()


class Burst(NamedTuple):
    """Packets that were sent back to back, until all of them have arrived or are known to be lost."""

    known_ns: Sequence[int]
    sizes_bytes: Sequence[int]
    lost: Sequence[bool]
    """Which of them are lost."""
    first_ns: int
    last_ns: int
    """First and last of `known_ns` in time, which jitter may put in another order."""
    total_bytes: int
    lost_packets: int


class LinkCounters:
    """Counts the packets of one link.

    A packet that has left the queue is in flight until the time of its arrival or loss, although that time is known before.
    """

    def __init__(self, link: str, capacity_bytes: Callable[[int, int], int | None] = lambda _begin, _end: None) -> None:
        """Start with zero counts; `capacity_bytes` returns what the link can carry in [begin, end) ns, or None."""
        self._link = link
        self._capacity_bytes = capacity_bytes
        self._table = array("q")
        """`COUNTS` of each bin, as `LinkHistory` holds them."""
        self.in_flight: deque[tuple[int, int, bool]] = deque()
        """Links append every packet that leaves alone: (when it arrives or is known to be lost, bytes, whether it arrives)."""
        self.bursts: deque[Burst] = deque()
        """Links append packets that leave together."""

    def count_offered(self, now_ns: int, packets: int, size_bytes: int) -> None:
        """Count packets that are offered to the link at `now_ns`."""
        if self.in_flight:
            self._settle(now_ns)
        bursts = self.bursts
        # A burst that is still arriving is left whole: nobody looks at its part before `statistics`.
        while bursts and bursts[0].last_ns <= now_ns:
            self._count_burst(bursts.popleft())
        at, table = self._place(now_ns), self._table
        table[at + SENT] += packets
        table[at + SENT + 1] += size_bytes

    def count_dropped(self, now_ns: int, size_bytes: int) -> None:
        """Count a packet that the queue dropped."""
        at = self._place(now_ns)
        self._table[at + DROPPED] += 1
        self._table[at + DROPPED + 1] += size_bytes

    def statistics(
        self, now_ns: int, queue_peaks: Sequence[int], waiting_packets: int = 0, waiting_bytes: int = 0
    ) -> LinkStatistics:
        """Return the counts at `now_ns`; `queue_peaks` is the highest occupancy of the queue by bin, zeros after the last.

        Packets that wait in the queue count as in flight.
        """
        for burst in self.bursts:
            arrived = [not lost for lost in burst.lost]
            self.in_flight.extend(zip(burst.known_ns, burst.sizes_bytes, arrived, strict=True))
        self.bursts.clear()
        # With reordering, packets behind the head can be due as well.
        self.in_flight = deque(sorted(self.in_flight))
        self._settle(now_ns)
        if now_ns > 0:
            self._place(now_ns - 1)
        history = self._history(queue_peaks)
        return LinkStatistics(
            link=self._link,
            in_flight_packets=len(self.in_flight) + waiting_packets,
            in_flight_bytes=sum(size_bytes for _, size_bytes, _ in self.in_flight) + waiting_bytes,
            history=history,
            **history.totals(),
        )

    def recent(self, now_ns: int) -> tuple[int, int]:
        """Return the bytes offered and the packets lost or dropped in the last `RECENT_BINS` whole bins before `now_ns`."""
        last = now_ns // BIN_NS
        begin, end = max(0, last - RECENT_BINS) * WIDTH, last * WIDTH
        sent_bytes, lost, dropped = (
            sum(self._table[begin + place : end : WIDTH]) for place in (SENT + 1, LOST, DROPPED)
        )
        return sent_bytes, lost + dropped

    def _settle(self, now_ns: int) -> None:
        in_flight = self.in_flight
        while in_flight and in_flight[0][0] <= now_ns:
            # Counts one bin at a time, since this runs for every packet.
            start_ns = in_flight[0][0] - in_flight[0][0] % BIN_NS
            last_ns = min(now_ns, start_ns + BIN_NS - 1)
            packets = lost_packets = size_bytes = lost_bytes = 0
            while in_flight and start_ns <= in_flight[0][0] <= last_ns:
                _, one_bytes, arrived = in_flight.popleft()
                packets += 1
                size_bytes += one_bytes
                if not arrived:
                    lost_packets += 1
                    lost_bytes += one_bytes
            self._count_ended(start_ns, packets, size_bytes, lost_packets, lost_bytes)

    def _count_burst(self, burst: Burst) -> None:
        if burst.first_ns // BIN_NS == burst.last_ns // BIN_NS:
            lost_bytes = sum(compress(burst.sizes_bytes, burst.lost)) if burst.lost_packets else 0
            packets = len(burst.known_ns)
            self._count_ended(burst.first_ns, packets, burst.total_bytes, burst.lost_packets, lost_bytes)
            return
        for known_ns, size_bytes, lost in zip(burst.known_ns, burst.sizes_bytes, burst.lost, strict=True):
            self._count_ended(known_ns, 1, size_bytes, int(lost), size_bytes if lost else 0)

    def _count_ended(self, known_ns: int, packets: int, size_bytes: int, lost_packets: int, lost_bytes: int) -> None:
        """Count packets whose fate is known in the bin of `known_ns`, those included that were lost."""
        at, table = self._place(known_ns), self._table
        table[at + DELIVERED] += packets - lost_packets
        table[at + DELIVERED + 1] += size_bytes - lost_bytes
        if lost_packets:
            table[at + LOST] += lost_packets
            table[at + LOST + 1] += lost_bytes

    def _place(self, t_ns: int) -> int:
        """Return where the counts of the bin of `t_ns` begin, which are there from now on."""
        at = t_ns // BIN_NS * WIDTH
        missing = at + WIDTH - len(self._table)
        if missing > 0:
            self._table.frombytes(_NO_BIN * (missing // WIDTH))
        return at

    def _history(self, queue_peaks: Sequence[int]) -> LinkHistory:
        count = len(self._table) // WIDTH
        peaks = array("q", queue_peaks[:count])
        peaks.extend([0] * (count - len(peaks)))
        capacities = [self._capacity_bytes(index * BIN_NS, (index + 1) * BIN_NS) for index in range(min(count, 1))]
        if any(capacity is None for capacity in capacities):
            return LinkHistory(self._link, self._table[:], peaks)  # no recording has gaps
        known = [self._capacity_bytes(index * BIN_NS, (index + 1) * BIN_NS) for index in range(count)]
        return LinkHistory(self._link, self._table[:], peaks, tuple([each for each in known if each is not None]))
