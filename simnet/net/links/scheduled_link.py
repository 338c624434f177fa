"""A link whose queue chooses the next packet at the moment when the transmitter is free."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simnet.net.link_statistics import LinkCounters, LinkStatistics
from simnet.net.links.channel import Channel
from simnet.net.links.utilization import recent_load
from simnet.net.queues.byte_queue import OccupancyPeaks
from simnet.net.queues.codel import CodelQueue
from simnet.net.queues.discipline import QueuedPacket
from simnet.net.queues.dualpi2 import DualPi2Queue
from simnet.net.queues.fifo import FifoQueue
from simnet.net.queues.priority import PriorityQueue
from simnet.net.timers import call_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    import simpy

    from simnet.net.ecn import EcnField
    from simnet.net.links.outages import Closure
    from simnet.net.links.transmitter import Distance
    from simnet.net.passage import OnPassages
    from simnet.net.queues.discipline import QueueDiscipline
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad


class ScheduledLink:
    """One direction of a link where later packets can change what is served next: one event per packet that waits.

    The transmitter is never idle while a packet waits. A packet that is offered at the instant at which a service ends comes
    after the choice of that instant, as in `Link`.
    """

    def __init__(
        self,
        env: simpy.Environment,
        config: LinkConfig,
        seed: int,
        distance_m: Distance,
        closures: Sequence[Closure] = (),
    ) -> None:
        """Create an idle link on the clock `env`; its draws depend on `seed` and its name only.

        Raises:
            InputError: A number in `config` is out of range.
        """
        self.config = config
        self.channel = Channel(config, seed, distance_m, closures)
        self._env = env
        self._queue = open_queue(config)
        self._peaks = OccupancyPeaks()
        self._counters = LinkCounters(config.name, self.channel.capacity_bytes)
        self._free_ns = 0
        self._wake_ns = -1

    @property
    def payload_bytes(self) -> int:
        """Largest payload of a packet, its overhead excluded."""
        return self.config.mtu_bytes - self.config.overhead_bytes

    def carry(
        self,
        now_ns: int,
        sizes_bytes: Sequence[int],
        priority: int,
        on_passages: OnPassages,
        ecn: EcnField | None = None,
    ) -> None:
        """See `Hop`; a passage is known when the service of its packet starts or the packet is dropped."""
        self._counters.count_offered(now_ns, len(sizes_bytes), sum(sizes_bytes))
        self._advance(now_ns)
        for index, size_bytes in enumerate(sizes_bytes):
            packet = QueuedPacket(now_ns, size_bytes, priority, partial(on_passages, index), ecn)
            if self._free_ns <= now_ns:
                self._queue.push(packet)
                self._advance(now_ns)
                continue
            for dropped in self._queue.offer(packet):
                self._drop(now_ns, dropped)
        self._peaks.after(now_ns, self._queue.size_bytes)
        self._wake_when_free(now_ns)

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """See `Hop`."""
        return self.channel.cost_ns(now_ns)

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """See `Hop`."""
        return self.channel.rate_bps(now_ns)

    def load(self, now_ns: int) -> LinkLoad:
        """See `Hop`."""
        return recent_load(self.channel, self._counters, now_ns)

    def statistics(self, now_ns: int) -> LinkStatistics:
        """See `Hop`."""
        self._peaks.after(now_ns, self._queue.size_bytes)
        return self._counters.statistics(now_ns, self._peaks.by_bin, self._queue.packets, self._queue.size_bytes)

    def _advance(self, now_ns: int) -> None:
        """Start the next packet if the transmitter is free."""
        self._peaks.before(now_ns, self._queue.size_bytes)
        while self._free_ns <= now_ns:
            packet, dropped = self._queue.pop(now_ns)
            for refused in dropped:
                self._drop(now_ns, refused)
            if packet is None:
                break
            self._free_ns, known_ns, arrived = self.channel.send(now_ns, packet.size_bytes)
            self._counters.in_flight.append((known_ns, packet.size_bytes, arrived))
            packet.on_passage([(known_ns, arrived, now_ns - packet.entered_ns)])
        self._peaks.after(now_ns, self._queue.size_bytes)

    def _drop(self, now_ns: int, packet: QueuedPacket) -> None:
        self._counters.count_dropped(now_ns, packet.size_bytes)
        packet.on_passage([(now_ns, False, now_ns - packet.entered_ns)])

    def _wake_when_free(self, now_ns: int) -> None:
        if self._queue.packets and self._wake_ns != self._free_ns:
            self._wake_ns = self._free_ns
            call_after(self._env, self._free_ns - now_ns, self._wake)

    def _wake(self, _event: simpy.Event) -> None:
        now_ns = int(self._env.now)
        self._advance(now_ns)
        self._wake_when_free(now_ns)


def open_queue(config: LinkConfig) -> QueueDiscipline:
    """Return an empty queue of the kind in `config`."""
    if config.queue == "fifo":
        return FifoQueue(config.queue_bytes)
    if config.queue == "priority":
        return PriorityQueue(config.queue_bytes)
    if config.queue == "dualpi2":
        return DualPi2Queue(config.queue_bytes, config.dualpi2_target_ns, config.dualpi2_round_trip_ns)
    return CodelQueue(config.queue_bytes, config.codel_target_ns, config.codel_interval_ns, config.mtu_bytes)
