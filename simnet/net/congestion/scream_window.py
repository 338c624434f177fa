"""SCReAM's reference window: the bytes that may be in flight, by loss, marks and queue delay (screamv2 draft, version 07).

    grows    by a packet a round trip, less near the window of the last congestion; by shares of itself long after it
    loss     x 0.7
    marks    classic: x 0.8         L4S: less alpha / 2, where alpha averages the share of packets that are marked
    delay    above half the target: as if the network marked a share that rises to 1 at the target

It reacts at most once in a round trip, or in `VIRTUAL_RTT_S` if that is shorter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simnet.net.congestion.queue_delay import QueueDelay

LOSS_BETA, MARK_BETA = 0.7, 0.8
VIRTUAL_RTT_S = 0.025
"""Below this round trip, growth slows down in proportion, so that near and far flows get alike shares."""
ALPHA_UP, ALPHA_DOWN = 1 / 8, 1 / 128
ALPHA_PERIOD_S = 0.010
GROWTH_SHARE = 0.05
"""Multiplicative growth a round trip, long after congestion."""
CAUTIOUS_ROUND_TRIPS = 100
"""Round trips after congestion in which growth becomes multiplicative again, or in which a window outgrows its flight."""
PEAK_ROUND_TRIPS = 10
FLIGHT_HEADROOM = 2.0
LEAST_PACKETS = 2
LEAST_STEADINESS = 0.1


@dataclass(slots=True)
class Acknowledged:
    """What a feedback message says of packets that were not known to have arrived, and of the flight."""

    packets: int = 0
    marked_packets: int = 0
    size_bytes: int = 0
    """Of packets up to the newest that arrived, lost ones too: they are in flight no more."""
    marked_bytes: int = 0
    is_lost: bool = False

    def add(self, other: Acknowledged) -> None:
        """Count what a further message says."""
        self.packets += other.packets
        self.marked_packets += other.marked_packets
        self.size_bytes += other.size_bytes
        self.marked_bytes += other.marked_bytes
        self.is_lost = self.is_lost or other.is_lost


@dataclass(slots=True)
class Surroundings:
    """What the window does not measure itself."""

    now_s: float
    round_trip_s: float
    packet_bytes: int
    """The largest packet of late."""
    most_in_flight: int
    """Of the last tenth of a second, about."""
    earlier_in_flight: int
    """Of the time before."""
    at_most: bool
    """Whether the target rate is the highest allowed."""


class ScreamWindow:
    """The window of one stream."""

    def __init__(self, size_bytes: int, *, scalable: bool, target_s: float, delay: QueueDelay) -> None:
        """Start with `size_bytes`; `scalable` reacts to marks as L4S asks, in proportion to their share."""
        self.size_bytes = float(size_bytes)
        self._scalable, self._target_s, self._delay = scalable, target_s, delay
        self._alpha = 0.0
        self._marked = self._delivered = 0
        self._alpha_s = self._average_s = self._reacted_s = self._updated_s = 0.0
        self._peak, self._peak_s = 1.0, float("-inf")
        """The window when congestion was first seen of late, and when that was."""
        self._began_s: float | None = None
        """When the first feedback came: before it, there was nothing to react to."""
        self._congested_s: float | None = None
        """When congestion was last seen; at first, the time of the first feedback, so that growth begins cautiously."""
        self._found = Acknowledged()
        """All that was acknowledged since the last update."""

    def on_feedback(self, found: Acknowledged, around: Surroundings, *, frame_is_new: bool) -> bool:
        """Take in a feedback message; return whether the window was worked out anew."""
        now_s, step_s = around.now_s, min(VIRTUAL_RTT_S, around.round_trip_s)
        self._began_s = now_s if self._began_s is None else self._began_s
        self._found.add(found)
        self._update_alpha(found, around)
        if now_s - self._average_s >= step_s:
            self._delay.average(self.packet_share(around.packet_bytes))
            self._average_s = now_s
        if self._congested_s is None or found.is_lost or found.marked_packets:
            self._congested_s = now_s
        congested = self._found.is_lost or self._found.marked_packets > 0 or self._delay.average_s > self._target_s / 2
        reacts = congested and now_s - self._reacted_s >= step_s
        if not (reacts or frame_is_new or now_s - self._updated_s >= step_s):
            return False
        distance = 8 * (self.size_bytes - self._peak) / self._peak
        nearness = max(0.1, min(1.0, distance * distance))
        if reacts:
            self._shrink(around, nearness)
            self._reacted_s = now_s
            self._found.is_lost = False
            self._found.marked_packets = 0
        self._grow(around, nearness, now_s - self._congested_s)
        self.raise_to(LEAST_PACKETS * around.packet_bytes)
        self._found.size_bytes = self._found.marked_bytes = 0
        self._updated_s = now_s
        return True

    def limit(self, most_bytes: float) -> None:
        """Make the window no larger than this."""
        self.size_bytes = min(self.size_bytes, most_bytes)

    def raise_to(self, least_bytes: float) -> None:
        """Make the window no smaller than this."""
        self.size_bytes = max(self.size_bytes, least_bytes)

    def packet_share(self, packet_bytes: int) -> float:
        """Return a packet's share of the window."""
        return packet_bytes / self.size_bytes

    def _update_alpha(self, found: Acknowledged, around: Surroundings) -> None:
        """Average the share of marked packets: quick to rise, slow to fall."""
        self._marked += found.marked_packets
        self._delivered += found.packets
        if not self._delivered or around.now_s - self._alpha_s < min(ALPHA_PERIOD_S, around.round_trip_s):
            return
        share = self._marked / self._delivered
        self._alpha += ALPHA_UP * (share - self._alpha) if share >= self._alpha else -ALPHA_DOWN * self._alpha
        self._marked = self._delivered = 0
        self._alpha_s = around.now_s

    def _shrink(self, around: Surroundings, nearness: float) -> None:
        since_s = around.now_s - max(self._reacted_s, self._began_s or 0.0)
        if around.now_s - self._peak_s > PEAK_ROUND_TRIPS * around.round_trip_s:
            self._peak, self._peak_s = self.size_bytes, around.now_s
        many_per_rtt = max(1.0, around.round_trip_s / VIRTUAL_RTT_S)
        if self._found.is_lost:
            self.size_bytes *= LOSS_BETA
        elif self._found.marked_packets and not self._scalable:
            self.size_bytes *= MARK_BETA
        elif self._found.marked_packets:
            backoff = self._alpha / 2 / many_per_rtt
            if self._delay.newest_s < self._target_s / 4:
                backoff *= max(0.25, nearness) * max(LEAST_STEADINESS, self._delay.steadiness)
            if since_s > CAUTIOUS_ROUND_TRIPS * max(VIRTUAL_RTT_S, around.round_trip_s):
                # A flow that has just begun had nothing in flight before.
                self.limit(max(around.earlier_in_flight, LEAST_PACKETS * around.packet_bytes))
            self.size_bytes *= 1 - backoff
        else:
            half_s = self._target_s / 2
            imagined = min(1.0, (self._delay.average_s - half_s) / half_s)
            self.size_bytes *= 1 - imagined / 2 / many_per_rtt

    def _grow(self, around: Surroundings, nearness: float, since_s: float) -> None:
        share = self.packet_share(around.packet_bytes)
        calm = min(1.0, since_s / (CAUTIOUS_ROUND_TRIPS * max(VIRTUAL_RTT_S, around.round_trip_s)))
        growth = (self._found.size_bytes - self._found.marked_bytes) * share
        growth *= min(1.0, around.round_trip_s / VIRTUAL_RTT_S) * max(0.25, nearness)
        growth *= max(LEAST_STEADINESS, self._delay.steadiness)
        growth *= 1.0 + GROWTH_SHARE / share * calm * nearness
        allowed = around.packet_bytes + max(around.most_in_flight, around.earlier_in_flight) * FLIGHT_HEADROOM
        if self.size_bytes + growth <= allowed and not around.at_most:
            self.size_bytes += growth
