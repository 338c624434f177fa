"""Counts of a link: packets and bytes, in total and in bins of 100 ms. sent = delivered + lost + dropped + in flight."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.records.link_bin import LinkBin

if TYPE_CHECKING:
    from collections.abc import Callable

BIN_NS = 100_000_000
RECENT_BINS = 5


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
    bins: tuple[LinkBin, ...]
    """From time 0 without gaps; they add up to the totals."""
    traffic_sent_bytes: int = 0
    """Bytes of `sent_bytes` that are background traffic."""
    traffic_delivered_bytes: int = 0
    """Bytes of `delivered_bytes` that are background traffic."""


@dataclass(slots=True)
class _Counts:
    """Running counts of one bin."""

    sent_packets: int = 0
    sent_bytes: int = 0
    delivered_packets: int = 0
    delivered_bytes: int = 0
    lost_packets: int = 0
    lost_bytes: int = 0
    dropped_packets: int = 0
    dropped_bytes: int = 0


class LinkCounters:
    """Counts the packets of one link.

    A packet that has left the queue is in flight until the time of its arrival or loss, although that time is known before.
    """

    def __init__(self, link: str, capacity_bytes: Callable[[int, int], int | None] = lambda _begin, _end: None) -> None:
        """Start with zero counts; `capacity_bytes` returns what the link can carry in [begin, end) ns, or None."""
        self._link = link
        self._capacity_bytes = capacity_bytes
        self._bins: dict[int, _Counts] = {}
        self.in_flight: deque[tuple[int, int, bool]] = deque()
        """Links append every packet that leaves: (when it arrives or is known to be lost, bytes, whether it arrives)."""

    def count_offered(self, now_ns: int, packets: int, size_bytes: int) -> None:
        """Count packets that are offered to the link at `now_ns`."""
        self._settle(now_ns)
        counts = self._bin(now_ns)
        counts.sent_packets += packets
        counts.sent_bytes += size_bytes

    def count_dropped(self, now_ns: int, size_bytes: int) -> None:
        """Count a packet that the queue dropped."""
        counts = self._bin(now_ns)
        counts.dropped_packets += 1
        counts.dropped_bytes += size_bytes

    def statistics(
        self, now_ns: int, queue_peaks: dict[int, int], waiting_packets: int = 0, waiting_bytes: int = 0
    ) -> LinkStatistics:
        """Return the counts at `now_ns`; `queue_peaks` is the highest occupancy of the queue by bin.

        Packets that wait in the queue count as in flight.
        """
        # With reordering, packets behind the head can be due as well.
        self.in_flight = deque(sorted(self.in_flight))
        self._settle(now_ns)
        last = max((-(-now_ns // BIN_NS), *(index + 1 for index in self._bins)))
        total = {name: sum(getattr(counts, name) for counts in self._bins.values()) for name in _Counts.__slots__}
        return LinkStatistics(
            link=self._link,
            in_flight_packets=len(self.in_flight) + waiting_packets,
            in_flight_bytes=sum(size_bytes for _, size_bytes, _ in self.in_flight) + waiting_bytes,
            bins=tuple(self._public(index, queue_peaks.get(index, 0)) for index in range(last)),
            **total,
        )

    def recent(self, now_ns: int) -> tuple[int, int]:
        """Return the bytes offered and the packets lost or dropped in the last `RECENT_BINS` whole bins before `now_ns`."""
        last = now_ns // BIN_NS
        found = [counts for index in range(last - RECENT_BINS, last) if (counts := self._bins.get(index)) is not None]
        return sum(each.sent_bytes for each in found), sum(each.lost_packets + each.dropped_packets for each in found)

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
            counts = self._bin(start_ns)
            counts.delivered_packets += packets - lost_packets
            counts.delivered_bytes += size_bytes - lost_bytes
            counts.lost_packets += lost_packets
            counts.lost_bytes += lost_bytes

    def _bin(self, t_ns: int) -> _Counts:
        index = t_ns // BIN_NS
        counts = self._bins.get(index)
        if counts is None:
            counts = self._bins[index] = _Counts()
        return counts

    def _public(self, index: int, queue_bytes_max: int) -> LinkBin:
        counts = self._bins.get(index, _Counts())
        return LinkBin(
            link=self._link,
            t_ns=index * BIN_NS,
            sent_bytes=counts.sent_bytes,
            delivered_bytes=counts.delivered_bytes,
            lost_packets=counts.lost_packets,
            dropped_packets=counts.dropped_packets,
            sent_packets=counts.sent_packets,
            queue_bytes_max=queue_bytes_max,
            capacity_bytes=self._capacity_bytes(index * BIN_NS, (index + 1) * BIN_NS),
        )
