"""GCC's arrival-time filter and over-use detector (draft-ietf-rmcat-gcc-02, sections 5.2 to 5.4).

    packets ──▶ groups sent within 5 ms ──▶ d = arrival gap - departure gap ──▶ Kalman filter: m ──▶ |m| against a threshold

m is the trend of the queue delay, in ms a group. As in WebRTC, it is multiplied by the number of groups, at most 60, to meet
the threshold, and the threshold adapts at WebRTC's speeds, not at those of the draft.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from math import sqrt

BURST_MS = 5.0
MOST_GROUPS = 60
PROCESS_NOISE = 1e-3
FIRST_ERROR, FIRST_VARIANCE, LEAST_VARIANCE = 0.1, 50.0, 1.0
QUICK_NOISE, SLOW_NOISE, QUICK_GROUPS = 0.01, 0.002, 300
GROUPS_A_SECOND = 30.0
FIRST_THRESHOLD_MS, LEAST_THRESHOLD_MS, MOST_THRESHOLD_MS = 12.5, 6.0, 600.0
THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039
OUTLIER_MS = 15.0
OVERUSE_MS = 10.0


class BandwidthUse(Enum):
    """What the trend of the delay says of the path."""

    NORMAL = "normal"
    UNDER = "under"
    OVER = "over"


@dataclass(slots=True)
class _Group:
    """Packets that were sent as one burst; times in ms."""

    first_sent: float
    last_sent: float
    arrived: float


class OveruseDetector:
    """Detects that a path is asked for more than it carries, from when its packets were sent and arrived."""

    def __init__(self) -> None:
        self.use = BandwidthUse.NORMAL
        self._now: _Group | None = None
        self._before: _Group | None = None
        self._groups = 0
        self._trend = self._earlier_trend = 0.0
        self._error, self._noise_mean, self._noise_variance = FIRST_ERROR, 0.0, FIRST_VARIANCE
        self._gaps: deque[float] = deque(maxlen=MOST_GROUPS)
        self._threshold, self._threshold_at = FIRST_THRESHOLD_MS, 0.0
        self._over_ms: float | None = None
        self._over_times = 0

    def add(self, sent_ms: float, arrived_ms: float) -> BandwidthUse:
        """Take in a packet, in order of arrival; return what the path is used like now."""
        now = self._now
        if now is None:
            self._now = _Group(sent_ms, sent_ms, arrived_ms)
            return self.use
        if sent_ms < now.first_sent:
            return self.use
        if self._joins(now, sent_ms, arrived_ms):
            now.last_sent, now.arrived = max(now.last_sent, sent_ms), arrived_ms
            return self.use
        if self._before is not None:
            sent_gap = now.last_sent - self._before.last_sent
            self._filter(now.arrived - self._before.arrived - sent_gap, sent_gap)
            self._detect(sent_gap, arrived_ms)
        self._before, self._now = now, _Group(sent_ms, sent_ms, arrived_ms)
        return self.use

    def _joins(self, group: _Group, sent_ms: float, arrived_ms: float) -> bool:
        """Return whether a packet belongs to the group: sent with it, or caught up with it by some queue."""
        sent_gap, arrived_gap = sent_ms - group.last_sent, arrived_ms - group.arrived
        if sent_gap < 0.5 or (arrived_gap < sent_gap and arrived_gap <= BURST_MS):
            return True
        return sent_ms - group.first_sent <= BURST_MS

    def _filter(self, variation: float, sent_gap: float) -> None:
        self._groups += 1
        error = self._error + PROCESS_NOISE
        turned = self._trend - self._earlier_trend
        if (self.use is BandwidthUse.OVER and turned < 0) or (self.use is BandwidthUse.UNDER and turned > 0):
            error += 10 * PROCESS_NOISE
        residual = variation - self._trend
        self._gaps.append(sent_gap)
        if self.use is BandwidthUse.NORMAL:
            limit = 3 * sqrt(self._noise_variance)
            self._learn_noise(max(-limit, min(limit, residual)), min(self._gaps))
        gain = error / (self._noise_variance + error)
        self._error = (1 - gain) * error
        self._earlier_trend = self._trend
        self._trend += gain * residual

    def _learn_noise(self, residual: float, gap_ms: float) -> None:
        rate = SLOW_NOISE if self._groups > QUICK_GROUPS else QUICK_NOISE
        weight = min(1.0, rate * gap_ms * GROUPS_A_SECOND / 1000)
        self._noise_mean += weight * (residual - self._noise_mean)
        spread = (self._noise_mean - residual) ** 2
        self._noise_variance = max(LEAST_VARIANCE, self._noise_variance + weight * (spread - self._noise_variance))

    def _detect(self, sent_gap: float, now_ms: float) -> None:
        if self._groups < 2:
            return
        total = min(self._groups, MOST_GROUPS) * self._trend
        if total > self._threshold:
            self._over_ms = sent_gap / 2 if self._over_ms is None else self._over_ms + sent_gap
            self._over_times += 1
            if self._over_ms > OVERUSE_MS and self._over_times > 1 and self._trend >= self._earlier_trend:
                self._over_ms, self._over_times = 0.0, 0
                self.use = BandwidthUse.OVER
        else:
            self._over_ms, self._over_times = None, 0
            self.use = BandwidthUse.UNDER if total < -self._threshold else BandwidthUse.NORMAL
        self._adapt(abs(total), now_ms)

    def _adapt(self, total: float, now_ms: float) -> None:
        since_ms = min(100.0, now_ms - self._threshold_at) if self._threshold_at else 0.0
        self._threshold_at = now_ms
        if total > self._threshold + OUTLIER_MS:
            return
        speed = THRESHOLD_DOWN if total < self._threshold else THRESHOLD_UP
        threshold = self._threshold + speed * (total - self._threshold) * since_ms
        self._threshold = max(LEAST_THRESHOLD_MS, min(MOST_THRESHOLD_MS, threshold))
