"""One direction of a link whose queue decides what goes next, when the transmitter is free and not before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simnet.net.link_statistics import LinkCounters, LinkStatistics
from simnet.net.links.channel import Channel
from simnet.net.links.utilization import load
from simnet.net.queues.byte_queue import OccupancyPeaks
from simnet.net.queues.codel import CodelQueue
from simnet.net.queues.discipline import QueuedPacket
from simnet.net.queues.fifo import FifoQueue
from simnet.net.queues.priority import PriorityQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    import simpy

    from simnet.net.links.link import Told
    from simnet.net.links.outages import Closure
    from simnet.net.links.transmitter import Distance
    from simnet.net.queues.discipline import QueueDiscipline
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad


class ScheduledLink:
    """A link like `Link`, but what is served next depends on what comes while others wait: an event for each that waits.

    The transmitter is never idle while anything waits. A packet that is offered at the very instant at which another's service
    ends comes after that instant's choice, as in `Link`.
    """

    def __init__(
        self,
        env: simpy.Environment,
        config: LinkConfig,
        seed: int,
        distance_m: Distance,
        closures: Sequence[Closure] = (),
    ) -> None:
        """Make an idle link on the clock `env`; its draws depend on `seed` and its name alone.

        Raises:
            InputError: A number in `config` that no link can have.
        """
        self.config = config
        self.channel = Channel(config, seed, distance_m, closures)
        self._env = env
        self._queue = discipline(config)
        self._peaks = OccupancyPeaks()
        self._ledger = LinkCounters(config.name, self.channel.capacity_bytes)
        self._free_ns = 0
        self._wake_ns = -1

    @property
    def payload_bytes(self) -> int:
        """What a packet carries beside its overhead, at most."""
        return self.config.mtu_bytes - self.config.overhead_bytes

    def carry(self, now_ns: int, sizes_bytes: Sequence[int], priority: int, told: Told) -> None:
        """Take packets in as `Link.carry` does; `told` is called for each when its service starts or it is dropped."""
        self._ledger.offered(now_ns, len(sizes_bytes), sum(sizes_bytes))
        self._advance(now_ns)
        for index, size_bytes in enumerate(sizes_bytes):
            packet = QueuedPacket(now_ns, size_bytes, priority, partial(told, index))
            if self._free_ns <= now_ns:
                self._queue.push(packet)
                self._advance(now_ns)
                continue
            for dropped in self._queue.offer(packet):
                self._drop(now_ns, dropped)
        self._peaks.after(now_ns, self._queue.size_bytes)
        self._wake_when_free(now_ns)

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """Return the delay and service of a full packet, if it started now, and whether it would get through."""
        return self.channel.cost_ns(now_ns)

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """Return about how fast a full packet would be sent now, and whether it would get through."""
        return self.channel.rate_bps(now_ns)

    def load(self, now_ns: int) -> LinkLoad:
        """Return what was offered lately against what the link can send now; changes nothing."""
        return load(self.channel, self._ledger, now_ns)

    def statistics(self, now_ns: int) -> LinkStatistics:
        """Return what the link did until `now_ns`."""
        self._peaks.after(now_ns, self._queue.size_bytes)
        return self._ledger.statistics(now_ns, self._peaks.by_bin, self._queue.packets, self._queue.size_bytes)

    def _advance(self, now_ns: int) -> None:
        """Start the next packet if the transmitter is free."""
        self._peaks.before(now_ns, self._queue.size_bytes)
        while self._free_ns <= now_ns:
            packet, dropped = self._queue.pop(now_ns)
            for one in dropped:
                self._drop(now_ns, one)
            if packet is None:
                break
            self._free_ns, known_ns, arrived = self.channel.send(now_ns, packet.size_bytes)
            self._ledger.in_flight.append((known_ns, packet.size_bytes, arrived))
            packet.told([(known_ns, arrived, now_ns - packet.entered_ns)])
        self._peaks.after(now_ns, self._queue.size_bytes)

    def _drop(self, now_ns: int, packet: QueuedPacket) -> None:
        self._ledger.dropped(now_ns, packet.size_bytes)
        packet.told([(now_ns, False, now_ns - packet.entered_ns)])

    def _wake_when_free(self, now_ns: int) -> None:
        if self._queue.packets and self._wake_ns != self._free_ns:
            self._wake_ns = self._free_ns
            self._env.timeout(self._free_ns - now_ns).callbacks.append(self._wake)

    def _wake(self, _event: simpy.Event) -> None:
        now_ns = int(self._env.now)
        self._advance(now_ns)
        self._wake_when_free(now_ns)


def discipline(config: LinkConfig) -> QueueDiscipline:
    """Return the queue that `config` asks for."""
    if config.queue == "fifo":
        return FifoQueue(config.queue_bytes)
    if config.queue == "priority":
        return PriorityQueue(config.queue_bytes)
    return CodelQueue(config.queue_bytes, config.codel_target_ns, config.codel_interval_ns, config.mtu_bytes)
