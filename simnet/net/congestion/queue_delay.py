"""Queue delay by one-way delays: what a packet took, less the least that any took lately (RFC 6817, section 3.4.2).

The clocks of both ends need not agree: their difference is in the least delay too.
"""

from __future__ import annotations

from collections import deque

BLOCK_S = 10.0
BLOCKS = 50
AVERAGE_GAIN = 1 / 4
DEVIATION_GAIN = 1 / 64
DEVIATION_NORM_S = 0.025


class QueueDelay:
    """The newest queue delay, its average (slow to rise, quick to fall), and how unsteady it is."""

    def __init__(self) -> None:
        self.newest_s = 0.0
        self.average_s = 0.0
        self._deviation, self._most = 0.0, 0.1
        self._least_s = float("inf")
        self._earlier: deque[float] = deque(maxlen=BLOCKS)
        """Least one-way delays of earlier blocks of `BLOCK_S`."""
        self._block_began_s: float | None = None

    def add(self, now_s: float, one_way_s: float) -> None:
        """Take in the one-way delay of a packet."""
        if self._block_began_s is None:
            self._block_began_s = now_s
        self._least_s = min(self._least_s, one_way_s)
        base_s = min(self._least_s, *self._earlier) if self._earlier else self._least_s
        if now_s - self._block_began_s >= BLOCK_S:
            self._earlier.append(self._least_s)
            self._least_s, self._block_began_s = float("inf"), now_s
        self.newest_s = one_way_s - base_s

    def average(self, packet_share: float) -> None:
        """Update what is averaged with the newest delay, about once a round trip; a packet has this share of the window."""
        if self.newest_s < self.average_s:
            self.average_s = self.newest_s
        else:
            self.average_s += AVERAGE_GAIN * (self.newest_s - self.average_s)
        # Small windows are unsteady by nature, so that they are held back sooner.
        self._most = max(0.05, 0.1 * (1.0 - packet_share / 0.1))
        excess = (self.newest_s - DEVIATION_NORM_S / 4) / DEVIATION_NORM_S
        self._deviation += DEVIATION_GAIN * (max(0.0, min(1.5 * self._most, excess)) - self._deviation)

    @property
    def steadiness(self) -> float:
        """1 while there is hardly any queue, down to 0 where there is one most of the time."""
        return max(0.0, (self._most - self._deviation) / self._most)
