"""DualPI2, a coupled dual queue: low latency for scalable senders beside classic ones (RFC 9332, appendix A).

    ECT(1), CE    ──▶ | L4S     | ──▶ 15/16 of the bytes while both wait      marks: max(own ramp, k p)
    all others    ──▶ | classic | ──▶ the rest, and what L4S leaves           marks or drops: p squared

The probability p follows the classic queue's delay by a proportional-integral law. Squared for classic senders and coupled, times
k, to scalable ones, it gives both kinds alike shares. The low-latency queue also marks by itself what waits in it for 0.8 ms,
always from 1.2 ms on, unless one packet alone waits. Marks come at even distances, as in the RFC, so nothing is random.

In overload (k p reaches 1) the low-latency queue drops like the classic one.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from simnet.net.queues.discipline import QueuedPacket

COUPLING = 2.0
MOST_CLASSIC = 1 / COUPLING**2
RAMP_FROM_NS, RAMP_NS = 800_000, 400_000
CLASSIC_WEIGHT = 15
"""Bytes of the low-latency queue for each byte of the classic one, while both wait."""


class DualPi2Queue:
    """Two queues with one limit in bytes (`QueueDiscipline`)."""

    def __init__(self, capacity_bytes: int, target_ns: int, round_trip_ns: int) -> None:
        """Create empty queues.

        Args:
            capacity_bytes: Of both together.
            target_ns: Aim of the classic queue's delay.
            round_trip_ns: The largest round trip that the control law is to be stable for.
        """
        self._capacity, self._target_ns = capacity_bytes, target_ns
        self._period_ns = max(1, min(target_ns, round_trip_ns // 3))
        round_trip_s = round_trip_ns / SECOND_NS
        self._integral = 0.1 * self._period_ns / SECOND_NS / round_trip_s**2
        self._proportional = 0.3 / round_trip_s
        self._scalable, self._classic = _Lane(), _Lane()
        self._credit = 0
        """What the classic queue may send before the other, in bytes times `CLASSIC_WEIGHT`."""
        self._base, self._delay_ns, self._update_ns = 0.0, 0, self._period_ns
        self.size_bytes = self.packets = 0

    def push(self, packet: QueuedPacket) -> None:
        """See `QueueDiscipline`."""
        self._catch_up(packet.entered_ns)
        lane = self._scalable if packet.ecn is not None and packet.ecn.is_scalable else self._classic
        lane.packets.append(packet)
        self.size_bytes += packet.size_bytes
        self.packets += 1

    def offer(self, packet: QueuedPacket) -> list[QueuedPacket]:
        """See `QueueDiscipline`; a full queue refuses the packet."""
        if self.size_bytes + packet.size_bytes > self._capacity:
            return [packet]
        self.push(packet)
        return []

    def pop(self, now_ns: int) -> tuple[QueuedPacket | None, list[QueuedPacket]]:
        """See `QueueDiscipline`."""
        self._catch_up(now_ns)
        dropped: list[QueuedPacket] = []
        while self.packets:
            lane = self._next_lane()
            own = self._ramp(now_ns) if lane is self._scalable else 0.0
            packet = lane.packets.popleft()
            self.size_bytes -= packet.size_bytes
            self.packets -= 1
            if not self._is_dropped(lane, packet, own):
                return packet, dropped
            dropped.append(packet)
        return None, dropped

    def _is_dropped(self, lane: _Lane, packet: QueuedPacket, own: float) -> bool:
        """Mark or drop a packet that leaves, and return whether it is dropped."""
        coupled, classic = COUPLING * self._base, min(self._base**2, MOST_CLASSIC)
        if lane is self._scalable:
            assert packet.ecn is not None
            if coupled >= 1.0 and lane.drops.is_due(classic):
                return True
            if lane.marks.is_due(min(1.0, max(own, coupled))):
                packet.ecn.mark()
            return False
        if not lane.marks.is_due(classic):
            return False
        if packet.ecn is None or not packet.ecn.is_capable or coupled >= 1.0:
            return True
        packet.ecn.mark()
        return False

    def _next_lane(self) -> _Lane:
        scalable, classic = self._scalable, self._classic
        if not (scalable.packets and classic.packets):
            self._credit = 0
            return scalable if scalable.packets else classic
        need = classic.packets[0].size_bytes * CLASSIC_WEIGHT
        if self._credit >= need:
            self._credit -= need
            return classic
        self._credit += scalable.packets[0].size_bytes
        return scalable

    def _ramp(self, now_ns: int) -> float:
        """Return the probability by which the low-latency queue marks its head, by itself."""
        packets = self._scalable.packets
        if len(packets) <= 1:
            return 0.0
        return min(1.0, max(0.0, (now_ns - packets[0].entered_ns - RAMP_FROM_NS) / RAMP_NS))

    def _catch_up(self, now_ns: int) -> None:
        """Do the updates that were due until now: queues have not changed since, they only got older."""
        while self._update_ns <= now_ns:
            if not self.packets and self._base == 0.0:
                self._delay_ns = 0
                self._update_ns += ((now_ns - self._update_ns) // self._period_ns + 1) * self._period_ns
                return
            delay_ns = max(self._scalable.delay_ns(self._update_ns), self._classic.delay_ns(self._update_ns))
            error_ns, change_ns = delay_ns - self._target_ns, delay_ns - self._delay_ns
            step = (self._integral * error_ns + self._proportional * change_ns) / SECOND_NS
            self._base = min(1.0, max(0.0, self._base + step))
            self._delay_ns = delay_ns
            self._update_ns += self._period_ns


class _Lane:
    """One of the queues."""

    def __init__(self) -> None:
        self.packets: deque[QueuedPacket] = deque()
        self.marks, self.drops = _EvenDraw(), _EvenDraw()

    def delay_ns(self, now_ns: int) -> int:
        return max(0, now_ns - self.packets[0].entered_ns) if self.packets else 0


class _EvenDraw:
    """Draws without chance: adds up likelihoods, and is due whenever the sum passes 1."""

    def __init__(self) -> None:
        self._sum = 0.0

    def is_due(self, likelihood: float) -> bool:
        self._sum += likelihood
        if self._sum <= 1.0:
            return False
        self._sum -= 1.0
        return True
