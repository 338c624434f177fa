"""One direction of a link on a shared medium: a queue, and a head that waits for its turn on the air."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from simnet.net.link_statistics import LinkCounters, LinkStatistics
from simnet.net.links.channel import Channel
from simnet.net.links.scheduled_link import discipline
from simnet.net.links.utilization import load
from simnet.net.queues.byte_queue import OccupancyPeaks
from simnet.net.queues.discipline import QueuedPacket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.links.link import Told
    from simnet.net.links.outages import Closure
    from simnet.net.links.transmitter import Distance
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad


class Medium(Protocol):
    """Decides who transmits when: `tdma` or `csma`."""

    def join(self, link: SharedLink) -> None:
        """Take a link in; InputError where it could never send on this medium. Links join before anything is sent."""
        ...

    def ready(self, link: SharedLink, now_ns: int) -> None:
        """A link that had nothing to send has a head now."""
        ...


class SharedLink:
    """A link like `ScheduledLink` whose transmitter is the medium's to grant. The head has left the queue already."""

    def __init__(
        self, medium: Medium, config: LinkConfig, seed: int, distance_m: Distance, closures: Sequence[Closure] = ()
    ) -> None:
        """Make an idle link on `medium`; its draws depend on `seed` and its name alone.

        Raises:
            InputError: A number in `config` that no link can have, or none on this medium.
        """
        self.config = config
        self.channel = Channel(config, seed, distance_m, closures)
        self.head: QueuedPacket | None = None
        """What is to be sent next; None while it is sent too."""
        self._is_idle = True
        self._medium = medium
        self._queue = discipline(config)
        self._peaks = OccupancyPeaks()
        self._ledger = LinkCounters(config.name, self.channel.capacity_bytes)
        medium.join(self)

    @property
    def payload_bytes(self) -> int:
        """What a packet carries beside its overhead, at most."""
        return self.config.mtu_bytes - self.config.overhead_bytes

    def carry(self, now_ns: int, sizes_bytes: Sequence[int], priority: int, told: Told) -> None:
        """Take packets in as `Link.carry` does; `told` is called for each when it is sent, given up or dropped."""
        self._ledger.offered(now_ns, len(sizes_bytes), sum(sizes_bytes))
        was_idle = self._is_idle
        self._peaks.before(now_ns, self._queue.size_bytes)
        for index, size_bytes in enumerate(sizes_bytes):
            packet = QueuedPacket(now_ns, size_bytes, priority, partial(told, index))
            if self._is_idle:
                self._queue.push(packet)
                self._next(now_ns)
            else:
                for dropped in self._queue.offer(packet):
                    self._drop(now_ns, dropped)
        self._peaks.after(now_ns, self._queue.size_bytes)
        if was_idle and not self._is_idle:
            self._medium.ready(self, now_ns)

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """Return the delay and service of a full packet that had the medium for itself, and whether it would get through."""
        return self.channel.cost_ns(now_ns)

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """Return about how fast a full packet would be sent now, and whether it would get through."""
        return self.channel.rate_bps(now_ns)

    def statistics(self, now_ns: int) -> LinkStatistics:
        """Return what the link did until `now_ns`."""
        self._peaks.after(now_ns, self._queue.size_bytes)
        heads = [] if self.head is None else [self.head.size_bytes]
        packets, size_bytes = self._queue.packets + len(heads), self._queue.size_bytes + sum(heads)
        return self._ledger.statistics(now_ns, self._peaks.by_bin, packets, size_bytes)

    def load(self, now_ns: int) -> LinkLoad:
        """Return what was offered lately against what the link could send if it had the medium for itself."""
        return load(self.channel, self._ledger, now_ns)

    def settle(self, start_ns: int, known_ns: int, *, arrived: bool) -> None:
        """The head is sent from `start_ns` on, or was given up then: tell its passage. Call `advance` once that is over."""
        head = self.head
        assert head is not None, f"{self.config.name} has nothing to send"
        self.head = None
        self._ledger.in_flight.append((known_ns, head.size_bytes, arrived))
        head.told([(known_ns, arrived, start_ns - head.entered_ns)])

    def advance(self, now_ns: int) -> bool:
        """The transmitter is free: bring the next packet to the head; return whether there is one."""
        self._peaks.before(now_ns, self._queue.size_bytes)
        self._next(now_ns)
        self._peaks.after(now_ns, self._queue.size_bytes)
        return self.head is not None

    def _next(self, now_ns: int) -> None:
        self.head, dropped = self._queue.pop(now_ns)
        self._is_idle = self.head is None
        for one in dropped:
            self._drop(now_ns, one)

    def _drop(self, now_ns: int, packet: QueuedPacket) -> None:
        self._ledger.dropped(now_ns, packet.size_bytes)
        packet.told([(now_ns, False, now_ns - packet.entered_ns)])
