"""One direction of a link: queue, transmitter, air."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.net.link_statistics import LinkCounters, LinkStatistics
from simnet.net.links.channel import Channel
from simnet.net.links.utilization import load
from simnet.net.queues.byte_queue import ByteQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simnet.net.links.outages import Closure
    from simnet.net.links.transmitter import Distance
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad

    Passage = tuple[int, bool, int]
    """(when it arrived or was known not to, whether it arrived, time in the queue), times in ns."""
    Told = Callable[[int, list[Passage]], None]
    """Takes the index of the first of the packets whose passages are known, and these."""


class Link:
    """A link from one node to another, as arithmetic: a packet's whole passage is known as it is offered.

        offered --> queue (bytes, tail drop) --> transmitter (bandwidth) --> air (delay, jitter, loss) --> arrived

    Service is first in, first out and never interrupted, so a packet starts when its predecessor is done (Lindley's
    recursion, 1952): start = max(now, free); free = start + service. No event is needed before it arrives, and the
    result is exact as long as packets are offered in order of time. A dropped packet takes no draw.
    """

    def __init__(self, config: LinkConfig, seed: int, distance_m: Distance, closures: Sequence[Closure] = ()) -> None:
        """Make an idle link; its draws depend on `seed` and its name alone.

        Raises:
            InputError: a number in `config` that no link can have.
        """
        self.config = config
        self.channel = Channel(config, seed, distance_m, closures)
        self._queue = ByteQueue(config.queue_bytes)
        self._ledger = LinkCounters(config.name, self.channel.capacity_bytes)
        self._free_ns = 0
        self.payload_bytes = config.mtu_bytes - config.overhead_bytes
        """What a packet carries beside its overhead, at most."""

    def offer(self, now_ns: int, sizes_bytes: Sequence[int]) -> list[Passage]:
        """Take packets in at `now_ns`, first to last, and return each one's passage.

        Sizes include the overhead. `now_ns` must not be before an earlier call's. A dropped packet is known at once.
        """
        total_bytes = sum(sizes_bytes)
        self._ledger.offered(now_ns, len(sizes_bytes), total_bytes)
        self._queue.drain(now_ns)
        if len(sizes_bytes) > 1 and self._queue.fits(total_bytes):
            passages = self._take_all(now_ns, sizes_bytes)
        else:
            passages = self._take_what_fits(now_ns, sizes_bytes)
        self._queue.note()
        return passages

    def _take_all(self, now_ns: int, sizes_bytes: Sequence[int]) -> list[Passage]:
        """Do as `_take_what_fits` where all fits, sooner."""
        self._free_ns, sent = self.channel.send_all(max(now_ns, self._free_ns), sizes_bytes)
        starts_ns, known_ns, arrived = zip(*sent, strict=True)
        self._queue.push_all(now_ns, starts_ns, sizes_bytes)
        self._ledger.in_flight.extend(zip(known_ns, sizes_bytes, arrived, strict=True))
        return list(zip(known_ns, arrived, [start_ns - now_ns for start_ns in starts_ns], strict=True))

    def _take_what_fits(self, now_ns: int, sizes_bytes: Sequence[int]) -> list[Passage]:
        queue, ledger, in_flight, send = self._queue, self._ledger, self._ledger.in_flight, self.channel.send
        passages: list[Passage] = []
        for size_bytes in sizes_bytes:
            start_ns = self._free_ns
            if start_ns <= now_ns:
                start_ns = now_ns
            elif not queue.push(start_ns, size_bytes):
                ledger.dropped(now_ns, size_bytes)
                passages.append((now_ns, False, 0))
                continue
            self._free_ns, known_ns, arrived = send(start_ns, size_bytes)
            in_flight.append((known_ns, size_bytes, arrived))
            passages.append((known_ns, arrived, start_ns - now_ns))
        return passages

    def load(self, now_ns: int) -> LinkLoad:
        """Return what was offered lately against what the link can send now; changes nothing."""
        return load(self.channel, self._ledger, now_ns)

    def carry(self, now_ns: int, sizes_bytes: Sequence[int], _priority: int, told: Told) -> None:
        """Do as `offer`, and call `told` with the passages from the packet of that index on."""
        told(0, self.offer(now_ns, sizes_bytes))

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """Return the delay and service of a full packet, if it started now, and whether it would get through."""
        return self.channel.cost_ns(now_ns)

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """Return about how fast a full packet would be sent now, and whether it would get through."""
        return self.channel.rate_bps(now_ns)

    def statistics(self, now_ns: int) -> LinkStatistics:
        """Return what the link did until `now_ns`."""
        return self._ledger.statistics(now_ns, self._queue.peaks(now_ns))
