"""GCC: Google congestion control, as WebRTC had it (draft-ietf-rmcat-gcc-02), at the sender.

    feedback ──▶ OveruseDetector ──▶ AimdRate: up by 8 % a second, or by half a packet a response time near the last limit;
                                     down to 0.85 of what arrives         ──▶ min ──▶ target rate, pace
             ──▶ loss: above 10 % less, below 2 % more                    ──▶

There is no window: a pace of 2.5 times the rate alone holds packets back. WebRTC's probes at the start are no part of the draft.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from simnet.net.congestion.overuse_detector import BandwidthUse, OveruseDetector
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.congestion.congestion_control import PacketReport
    from simnet.records.congestion_config import CongestionConfig

DECREASE = 0.85
GROWTH = 0.0769610411361284
"""Natural logarithm of 1.08, the growth in a second far from the last limit."""
LEAST_GROWTH_BPS = 2000.0
"""In a second."""
MOST_OVER_ARRIVED = 1.5
RESPONSE_S = 0.1
FIRST_ROUND_TRIP_S = 0.2
LIMIT_GAIN, LEAST_LIMIT_SPREAD, MOST_LIMIT_SPREAD = 0.05, 0.4, 2.5
ARRIVED_SPAN_NS = SECOND_NS
LOSS_PERIOD_NS = SECOND_NS // 2
FEW_LOST, MANY_LOST = 0.02, 0.10
REORDERED = 16
"""A packet is lost once one that was sent this many packets later has arrived."""
PACE_HEADROOM = 2.5
LEAST_PACE_NS = 10_000


class AimdRate:
    """The delay-based rate: it grows until the path is over-used, and knows about where that was."""

    def __init__(self, bps: float) -> None:
        self.bps = bps
        self._grows = False
        self._changed_s: float | None = None
        self._limit_kbps: float | None = None
        self._spread = LEAST_LIMIT_SPREAD
        self._near_limit = False

    def update(
        self, use: BandwidthUse, arrived_bps: float | None, now_s: float, round_trip_s: float, packet_bytes: float
    ) -> None:
        """Take in how the path is used, and what arrives over it."""
        if self._changed_s is None:
            self._changed_s = now_s
        arrived_kbps = None if arrived_bps is None else arrived_bps / 1000
        if use is BandwidthUse.OVER and arrived_kbps is not None:
            self._fall(arrived_kbps)
            self._changed_s, self._grows = now_s, False
            return
        if use is not BandwidthUse.NORMAL:
            self._grows = False
            return
        if not self._grows:
            self._grows, self._changed_s = True, now_s
        is_beyond = (
            self._limit_kbps is not None
            and arrived_kbps is not None
            and arrived_kbps >= self._limit_kbps + 3 * self._deviation_kbps()
        )
        if is_beyond:
            self._near_limit, self._limit_kbps = False, None
        self._grow(now_s - self._changed_s, round_trip_s, packet_bytes, arrived_bps)
        self._changed_s = now_s

    def _grow(self, since_s: float, round_trip_s: float, packet_bytes: float, arrived_bps: float | None) -> None:
        if self._near_limit:
            grown = self.bps + max(4000.0, packet_bytes * 8 / (round_trip_s + RESPONSE_S)) * since_s
        else:
            share = GROWTH * min(since_s, 1.0)
            grown = self.bps + max((share + share**2 / 2 + share**3 / 6) * self.bps, LEAST_GROWTH_BPS * since_s)
        most = max(MOST_OVER_ARRIVED * arrived_bps + 10_000, self.bps) if arrived_bps is not None else grown
        self.bps = min(grown, most)

    def _fall(self, arrived_kbps: float) -> None:
        if self._limit_kbps is not None and arrived_kbps < self._limit_kbps - 3 * self._deviation_kbps():
            self._limit_kbps = None
        if self._limit_kbps is None:
            self._limit_kbps = arrived_kbps
        else:
            self._limit_kbps += LIMIT_GAIN * (arrived_kbps - self._limit_kbps)
        distance = (self._limit_kbps - arrived_kbps) ** 2 / max(1.0, self._limit_kbps)
        spread = self._spread + LIMIT_GAIN * (distance - self._spread)
        self._spread = max(LEAST_LIMIT_SPREAD, min(MOST_LIMIT_SPREAD, spread))
        self._near_limit = True
        self.bps = min(self.bps, DECREASE * arrived_kbps * 1000)

    def _deviation_kbps(self) -> float:
        return sqrt(self._spread * (self._limit_kbps or 0.0))


@dataclass(slots=True)
class _Sent:
    sent_ns: int
    size_bytes: int


class Gcc:
    """The control of one stream (`CongestionControl`)."""

    patience_ns = SECOND_NS

    def __init__(self, config: CongestionConfig, overhead_bytes: int) -> None:
        """Start at the rate of `config`; each packet has `overhead_bytes` of headers."""
        self._config, self._overhead_bytes = config, overhead_bytes
        self.detector, self.by_delay = OveruseDetector(), AimdRate(config.start_bps)
        self._by_loss_bps = config.start_bps
        self._packets: dict[int, _Sent] = {}
        self._arrived: deque[tuple[int, int]] = deque()
        self._arrived_bytes, self._first_arrived_ns = 0, None
        self._loss_at_ns = self._lost = self._known = 0
        self._round_trip_s = FIRST_ROUND_TRIP_S
        self._packet_bytes = 1200.0

    @property
    def target_bps(self) -> float:
        """See `CongestionControl`; the control itself counts the headers of packets."""
        share = max(0.1, 1.0 - self._overhead_bytes / self._packet_bytes)
        return min(max(self._rate_bps * share, self._config.min_bps), self._config.max_bps)

    def on_frame(self, now_ns: int, size_bytes: int, queued_bytes: int) -> None:
        """See `CongestionControl`; frames do not matter."""

    def may_send(self, now_ns: int, size_bytes: int) -> bool:
        """See `CongestionControl`; there is no window."""
        del now_ns, size_bytes
        return True

    def on_sent(self, now_ns: int, sequence: int, size_bytes: int) -> int:
        """See `CongestionControl`."""
        self._packets[sequence] = _Sent(now_ns, size_bytes)
        self._packet_bytes += (size_bytes - self._packet_bytes) / 32
        return max(LEAST_PACE_NS, round(size_bytes * 8 * SECOND_NS / (PACE_HEADROOM * self._rate_bps)))

    def on_feedback(self, now_ns: int, reports: Sequence[PacketReport]) -> None:
        """See `CongestionControl`."""
        if not reports:
            return
        use, newest = self.detector.use, None
        over = False
        for report in reports:
            packet = self._packets.pop(report.sequence, None)
            if packet is None:
                continue
            newest = packet
            self._known += 1
            self._count_arrival(report.arrived_ns, packet.size_bytes)
            use = self.detector.add(packet.sent_ns / 1e6, report.arrived_ns / 1e6)
            over = over or use is BandwidthUse.OVER
        if newest is not None:
            self._round_trip_s += ((now_ns - newest.sent_ns) / SECOND_NS - self._round_trip_s) / 8
        self._count_losses(reports[-1].sequence)
        self._follow_losses(now_ns)
        use = BandwidthUse.OVER if over else use
        now_s = now_ns / SECOND_NS
        self.by_delay.update(use, self._arrived_bps(), now_s, self._round_trip_s, self._packet_bytes)
        self.by_delay.bps = min(max(self.by_delay.bps, self._config.min_bps), 2 * self._config.max_bps)

    @property
    def _rate_bps(self) -> float:
        return max(self._config.min_bps, min(self.by_delay.bps, self._by_loss_bps))

    def _count_arrival(self, arrived_ns: int, size_bytes: int) -> None:
        if self._first_arrived_ns is None:
            self._first_arrived_ns = arrived_ns
        self._arrived.append((arrived_ns, size_bytes))
        self._arrived_bytes += size_bytes
        while self._arrived[0][0] <= arrived_ns - ARRIVED_SPAN_NS:
            self._arrived_bytes -= self._arrived.popleft()[1]

    def _arrived_bps(self) -> float | None:
        """Return the rate at which packets arrived in the last second, or since the first of them."""
        if self._first_arrived_ns is None:
            return None
        span_ns = min(ARRIVED_SPAN_NS, self._arrived[-1][0] - self._first_arrived_ns)
        return None if span_ns < SECOND_NS // 10 else self._arrived_bytes * 8 * SECOND_NS / span_ns

    def _count_losses(self, highest: int) -> None:
        for sequence in [each for each in self._packets if each <= highest - REORDERED]:
            del self._packets[sequence]
            self._lost += 1
            self._known += 1

    def _follow_losses(self, now_ns: int) -> None:
        if now_ns - self._loss_at_ns < LOSS_PERIOD_NS or not self._known:
            return
        share = self._lost / self._known
        if share > MANY_LOST:
            self._by_loss_bps = self._rate_bps * (1 - 0.5 * share)
        elif share < FEW_LOST:
            # Not far above what the delay allows, so that losses count at once.
            self._by_loss_bps = min(1.05 * self._by_loss_bps + 1000, MOST_OVER_ARRIVED * self.by_delay.bps)
        self._loss_at_ns, self._lost, self._known = now_ns, 0, 0
