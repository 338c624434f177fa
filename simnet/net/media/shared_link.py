"""A link on a shared medium: a queue, and a head that waits until the medium lets it transmit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from simnet.net.link_statistics import LinkCounters, LinkStatistics
from simnet.net.links.channel import Channel
from simnet.net.links.scheduled_link import open_queue
from simnet.net.links.utilization import recent_load
from simnet.net.queues.byte_queue import OccupancyPeaks
from simnet.net.queues.discipline import QueuedPacket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.ecn import EcnField
    from simnet.net.links.outages import Closure
    from simnet.net.links.transmitter import Distance
    from simnet.net.passage import OnPassages
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad


class Medium(Protocol):
    """Decides which link transmits when: `Tdma`, `Csma` or `Cell`."""

    def join(self, link: SharedLink) -> None:
        """Add a link, before anything is sent.

        Raises:
            InputError: The link could never send on this medium.
        """
        ...

    def ready(self, link: SharedLink, now_ns: int) -> None:
        """Note that a link without a head has one now."""
        ...


class SharedLink:
    """One direction of a link like `ScheduledLink`, but the medium grants its transmitter. The head is not in the queue."""

    def __init__(
        self, medium: Medium, config: LinkConfig, seed: int, distance_m: Distance, closures: Sequence[Closure] = ()
    ) -> None:
        """Create an idle link on `medium`; its draws depend on `seed` and its name only.

        Raises:
            InputError: A number in `config` is out of range, or out of range on this medium.
        """
        self.config = config
        self.channel = Channel(config, seed, distance_m, closures)
        self.head: QueuedPacket | None = None
        """The next packet to send; None also while it is being sent."""
        self._is_idle = True
        self._medium = medium
        self._queue = open_queue(config)
        self._peaks = OccupancyPeaks()
        self._counters = LinkCounters(config.name, self.channel.capacity_bytes)
        medium.join(self)

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
        """See `Hop`; a passage is known when its packet is sent, given up or dropped."""
        self._counters.count_offered(now_ns, len(sizes_bytes), sum(sizes_bytes))
        was_idle = self._is_idle
        self._peaks.before(now_ns, self._queue.size_bytes)
        for index, size_bytes in enumerate(sizes_bytes):
            packet = QueuedPacket(now_ns, size_bytes, priority, partial(on_passages, index), ecn)
            if self._is_idle:
                self._queue.push(packet)
                self._pop_head(now_ns)
            else:
                for dropped in self._queue.offer(packet):
                    self._drop(now_ns, dropped)
        self._peaks.after(now_ns, self._queue.size_bytes)
        if was_idle and not self._is_idle:
            self._medium.ready(self, now_ns)

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """See `Hop`; counts no time for access to the medium."""
        return self.channel.cost_ns(now_ns)

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """See `Hop`; counts no time for access to the medium."""
        return self.channel.rate_bps(now_ns)

    def statistics(self, now_ns: int) -> LinkStatistics:
        """See `Hop`."""
        self._peaks.after(now_ns, self._queue.size_bytes)
        heads = [] if self.head is None else [self.head.size_bytes]
        packets, size_bytes = self._queue.packets + len(heads), self._queue.size_bytes + sum(heads)
        return self._counters.statistics(now_ns, self._peaks.by_bin, packets, size_bytes)

    def load(self, now_ns: int) -> LinkLoad:
        """See `Hop`; counts no time for access to the medium."""
        return recent_load(self.channel, self._counters, now_ns)

    def settle(self, start_ns: int, known_ns: int, *, arrived: bool) -> None:
        """Report the passage of the head: sent from `start_ns` on, or given up then. Call `advance` once that is over."""
        head = self.head
        assert head is not None, f"{self.config.name} has nothing to send"
        self.head = None
        self._counters.in_flight.append((known_ns, head.size_bytes, arrived))
        head.on_passage([(known_ns, arrived, start_ns - head.entered_ns)])

    def advance(self, now_ns: int) -> bool:
        """Move the next packet to the head, as the transmitter is free; return whether there is one."""
        self._peaks.before(now_ns, self._queue.size_bytes)
        self._pop_head(now_ns)
        self._peaks.after(now_ns, self._queue.size_bytes)
        return self.head is not None

    def _pop_head(self, now_ns: int) -> None:
        self.head, dropped = self._queue.pop(now_ns)
        self._is_idle = self.head is None
        for refused in dropped:
            self._drop(now_ns, refused)

    def _drop(self, now_ns: int, packet: QueuedPacket) -> None:
        self._counters.count_dropped(now_ns, packet.size_bytes)
        packet.on_passage([(now_ns, False, now_ns - packet.entered_ns)])
