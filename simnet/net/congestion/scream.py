"""SCReAM: self-clocked rate adaptation for multimedia, version 2 (RFC 8298, draft-ietf-ccwg-rfc8298bis-screamv2).

    feedback ──▶ QueueDelay, ScreamWindow ──▶ window ──▶ may_send     at most window x headroom in flight
                                                 └─────▶ target_bps   window / round trip, less 10 % and the headers ──▶ pace

The control is of one stream. The draft's optional parts for competing loss-based flows and for drifting clocks are left out:
clocks of a simulation do not drift.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.net.congestion.queue_delay import QueueDelay
from simnet.net.congestion.scream_window import LEAST_PACKETS, Acknowledged, ScreamWindow, Surroundings
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.congestion.congestion_control import PacketReport
    from simnet.records.congestion_config import CongestionConfig

FIRST_WINDOW_BYTES = 5_000
FIRST_ROUND_TRIP_S = 0.05
FIRST_PACKET_BYTES = 100
ROUND_TRIP_GAIN = 1 / 8
REORDER_S = 0.03
"""A packet is lost once one that was sent this much later has arrived."""
PATIENCE_NS = SECOND_NS // 2
LEAST_HEADROOM, MOST_HEADROOM = 1.5, 3.0
"""Bytes in flight over the window, at most: little where the delay strays."""
PACE_HEADROOM, FRAME_HEADROOM = 1.5, 1.5
LEAST_PACE_BPS = 50e3
LEAST_PACE_NS = 10_000
TARGET_SHARE = 1 / 1.1
PACKET_HEADERS = 20
SLOW_S = 0.05
FLIGHTS = 10
SETTLED_S = 2.0
PACKET_MEMORY_S = 1.0


@dataclass(slots=True)
class _InFlight:
    sent_ns: int
    size_bytes: int
    arrived: bool = False
    passed: bool = False
    """Whether a later packet, or this one, has arrived: it is in flight no more."""


class Scream:
    """The control of one stream (`CongestionControl`)."""

    patience_ns = PATIENCE_NS

    def __init__(self, config: CongestionConfig, period_ns: int) -> None:
        """Start at the rate of `config`; a frame comes every `period_ns`."""
        self._config, self._period_s = config, period_ns / SECOND_NS
        self.delay = QueueDelay()
        first = max(FIRST_WINDOW_BYTES, int(config.start_bps / 8 * FIRST_ROUND_TRIP_S))
        scalable, target_s = config.ecn == "l4s", config.queue_target_ns / SECOND_NS
        self.window = ScreamWindow(first, scalable=scalable, target_s=target_s, delay=self.delay)
        self.target_bps = min(max(config.start_bps, config.min_bps), config.max_bps)
        self._packets: dict[int, _InFlight] = {}
        self._in_flight = self._most_in_flight = self._earlier_in_flight = 0
        self._flights: deque[int] = deque(maxlen=FLIGHTS)
        self._headroom = MOST_HEADROOM
        self._round_trip_s = self._short_round_trip_s = FIRST_ROUND_TRIP_S
        self._round_trip_at_s = self._slow_at_s = 0.0
        self._largest = _Largest()
        self._pace_ns, self._frame_scale = LEAST_PACE_NS, 1.0
        self._last_sent_ns = 0
        self._frame_is_new = False
        self._media = _RecentRate()

    def on_frame(self, now_ns: int, size_bytes: int, queued_bytes: int) -> None:
        """See `CongestionControl`."""
        self._frame_is_new = True
        usual = self.target_bps * self._period_s / 8
        self._frame_scale = min(FRAME_HEADROOM, max(1.0, queued_bytes / usual)) if usual > 500 else 1.0
        self._media.add(now_ns, size_bytes)

    def may_send(self, now_ns: int, size_bytes: int) -> bool:
        """See `CongestionControl`; after half a second without any packet, what is in flight counts as gone."""
        if now_ns - self._last_sent_ns > PATIENCE_NS:
            self._packets.clear()
            self._in_flight = 0
        packet = self._largest.bytes
        return self._in_flight + size_bytes <= self.window.size_bytes * self._headroom + max(packet, size_bytes)

    def on_sent(self, now_ns: int, sequence: int, size_bytes: int) -> int:
        """See `CongestionControl`."""
        self._packets[sequence] = _InFlight(now_ns, size_bytes)
        self._in_flight += size_bytes
        self._last_sent_ns = now_ns
        self._largest.add(now_ns / SECOND_NS, size_bytes)
        self.window.raise_to(LEAST_PACKETS * self._largest.bytes)
        return self._pace_ns

    def on_feedback(self, now_ns: int, reports: Sequence[PacketReport]) -> None:
        """See `CongestionControl`."""
        if not reports:
            return
        now_s, before = now_ns / SECOND_NS, self._in_flight
        self._most_in_flight = max(self._most_in_flight, before)
        found = self._acknowledge(now_ns, reports)
        around = Surroundings(
            now_s=now_s,
            round_trip_s=self._round_trip_s,
            packet_bytes=self._largest.bytes,
            most_in_flight=self._most_in_flight,
            earlier_in_flight=self._earlier_in_flight,
            at_most=self.target_bps >= self._config.max_bps,
        )
        if self.window.on_feedback(found, around, frame_is_new=self._frame_is_new):
            self._frame_is_new = False
            self._set_pace(now_ns)
            if now_s - self._slow_at_s > SLOW_S:
                self._slow_at_s = now_s
                self._look_back(now_s)
            self._set_target()

    def _acknowledge(self, now_ns: int, reports: Sequence[PacketReport]) -> Acknowledged:
        found, newest_ns = Acknowledged(), -1
        for report in reports:
            packet = self._packets.get(report.sequence)
            if packet is None or packet.arrived:
                continue
            packet.arrived = True
            newest_ns = max(newest_ns, packet.sent_ns)
            found.packets += 1
            if report.is_marked:
                found.marked_packets += 1
                found.marked_bytes += packet.size_bytes
            self.delay.add(now_ns / SECOND_NS, (report.arrived_ns - packet.sent_ns) / SECOND_NS)
        if newest_ns >= 0:
            self._measure_round_trip(now_ns / SECOND_NS, (now_ns - newest_ns) / SECOND_NS)
        self._settle(reports[-1].sequence, newest_ns, found)
        return found

    def _settle(self, highest: int, newest_ns: int, found: Acknowledged) -> None:
        """Take packets up to the newest arrival out of flight, and those that arrived or are lost out of mind."""
        gone: list[int] = []
        for sequence, packet in self._packets.items():
            if sequence > highest:
                break
            if not packet.passed:
                packet.passed = True
                found.size_bytes += packet.size_bytes
                self._in_flight -= packet.size_bytes
            if packet.arrived:
                gone.append(sequence)
            elif packet.sent_ns + REORDER_S * SECOND_NS < newest_ns:
                found.is_lost = True
                gone.append(sequence)
        for sequence in gone:
            del self._packets[sequence]

    def _measure_round_trip(self, now_s: float, round_trip_s: float) -> None:
        self._short_round_trip_s += ROUND_TRIP_GAIN * (round_trip_s - self._short_round_trip_s)
        if now_s - self._round_trip_at_s > self._short_round_trip_s:
            self._round_trip_s += ROUND_TRIP_GAIN * (self._short_round_trip_s - self._round_trip_s)
            self._round_trip_at_s = now_s

    def _set_pace(self, now_ns: int) -> None:
        media_bps = max(self.target_bps, self._media.bps(now_ns))
        pace_bps = max(LEAST_PACE_BPS, PACE_HEADROOM * self._frame_scale * media_bps)
        self._pace_ns = max(LEAST_PACE_NS, round(self._largest.bytes * 8 * SECOND_NS / pace_bps))

    def _look_back(self, now_s: float) -> None:
        """Do what is done once in `SLOW_S`: bound the window near the highest rate, and renew the headroom."""
        self._flights.append(self._most_in_flight)
        if self.target_bps > 0.95 * self._config.max_bps:
            by_rate = int(PACE_HEADROOM * self._config.max_bps / 8 * (self._round_trip_s + 0.001))
            self.window.limit(max(*self._flights, self._most_in_flight, by_rate))
        if now_s > SETTLED_S:
            self._earlier_in_flight, self._most_in_flight = self._most_in_flight, 0
        self._headroom = LEAST_HEADROOM + (MOST_HEADROOM - LEAST_HEADROOM) * self.delay.steadiness

    def _set_target(self) -> None:
        packet = self._largest.bytes
        round_trip_s = min(self._round_trip_s, self._short_round_trip_s) + 0.001
        rate = 8 * self.window.size_bytes / max(0.001, min(0.2, round_trip_s))
        rate *= 1.0 - min(0.2, max(0.0, self.window.packet_share(packet) - 0.1))
        rate *= TARGET_SHARE * packet / (packet + PACKET_HEADERS)
        self.target_bps = min(max(rate, self._config.min_bps), self._config.max_bps)


class _Largest:
    """The largest packet of the last one to two seconds."""

    def __init__(self) -> None:
        self._now, self._earlier, self._since_s = FIRST_PACKET_BYTES, FIRST_PACKET_BYTES, 0.0

    @property
    def bytes(self) -> int:
        return max(self._now, self._earlier)

    def add(self, now_s: float, size_bytes: int) -> None:
        if now_s - self._since_s > PACKET_MEMORY_S:
            self._earlier, self._now, self._since_s = self._now, FIRST_PACKET_BYTES, now_s
        self._now = max(self._now, size_bytes)


class _RecentRate:
    """The rate of frames over the last 0.4 s."""

    SPAN_NS = 400_000_000

    def __init__(self) -> None:
        self._frames: deque[tuple[int, int]] = deque()

    def add(self, now_ns: int, size_bytes: int) -> None:
        self._frames.append((now_ns, size_bytes))

    def bps(self, now_ns: int) -> float:
        while self._frames and self._frames[0][0] <= now_ns - self.SPAN_NS:
            self._frames.popleft()
        return sum(size for _, size in self._frames) * 8 * SECOND_NS / self.SPAN_NS
