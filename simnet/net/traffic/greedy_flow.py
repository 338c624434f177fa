"""A greedy flow: it always has something to send, and its window follows losses as TCP's does (RFC 5681).

    window   slow start: + 1 a packet that arrives, up to the threshold       begins with 10 packets (RFC 6928)
             then        + 1 / window a packet that arrives
             loss:       threshold = window = max(window / 2, 2), once a window

The sender knows what became of a packet a round trip after its arrival, or after the time at which it was dropped or would have
arrived. It learns of every loss this way, as by selective acknowledgements, so there are no timeouts. Lost packets are not sent
again by their number: the flow never ends, and one packet is as good as another.
"""

from __future__ import annotations

import math
from heapq import heappop, heappush

FIRST_WINDOW = 10.0
LEAST_WINDOW = 2.0


class GreedyFlow:
    """One flow, from `begin_ns` until `end_ns`, with at most `most` packets in flight."""

    def __init__(self, begin_ns: int, end_ns: int, rtt_ns: int, most: int) -> None:
        self._end_ns, self._rtt_ns, self._most = end_ns, rtt_ns, most
        self._begin_ns: int | None = begin_ns
        self._reports: list[tuple[int, int, bool]] = []
        """(when the sender knows, packet, whether it arrived), a heap."""
        self._window, self._threshold = FIRST_WINDOW, math.inf
        self._sent = self._in_flight = self._reduced_at = 0

    def next_ns(self) -> int | None:
        """See `TrafficSource`."""
        if self._begin_ns is not None:
            next_ns = self._begin_ns
        elif self._reports:
            next_ns = self._reports[0][0]
        else:
            return None
        return next_ns if next_ns < self._end_ns else None

    def act(self, now_ns: int) -> int:
        """See `TrafficSource`."""
        self._begin_ns = None
        while self._reports and self._reports[0][0] <= now_ns:
            _, number, arrived = heappop(self._reports)
            self._in_flight -= 1
            self._hear(number, arrived=arrived)
        count = max(0, min(int(self._window), self._most) - self._in_flight)
        self._sent += count
        self._in_flight += count
        return count

    def ended(self, number: int, known_ns: int, *, arrived: bool) -> None:
        """See `TrafficSource`."""
        heappush(self._reports, (known_ns + self._rtt_ns, number, arrived))

    def _hear(self, number: int, *, arrived: bool) -> None:
        if arrived:
            grown = self._window + (1.0 if self._window < self._threshold else 1.0 / self._window)
            self._window = min(grown, float(max(self._most, LEAST_WINDOW)))
        elif number >= self._reduced_at:
            self._threshold = self._window = max(self._window / 2, LEAST_WINDOW)
            self._reduced_at = self._sent
