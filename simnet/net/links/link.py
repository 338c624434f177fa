"""A link with a FIFO queue, as arithmetic: queue, transmitter, air."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.net.link_statistics import LinkCounters
from simnet.net.links.channel import Channel
from simnet.net.links.utilization import recent_load
from simnet.net.queues.byte_queue import ByteQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.ecn import EcnField
    from simnet.net.link_statistics import Burst, LinkStatistics
    from simnet.net.links.outages import Closure
    from simnet.net.links.transmitter import Distance
    from simnet.net.passage import OnPassages, Passage
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad


class Link:
    """One direction of a link, as arithmetic: the passage of a packet is known when it is offered.

        offered --> queue (bytes, tail drop) --> transmitter (bandwidth) --> air (delay, jitter, loss) --> arrived

    Service is first in, first out and never interrupted, so a packet starts when its predecessor is done (Lindley's
    recursion, 1952): start = max(now, free); free = start + service. The link needs no event before the arrival, and the
    result is exact if packets are offered in order of time. A dropped packet takes no random draw.
    """

    def __init__(self, config: LinkConfig, seed: int, distance_m: Distance, closures: Sequence[Closure] = ()) -> None:
        """Create an idle link; its draws depend on `seed` and its name only.

        Raises:
            InputError: A number in `config` is out of range.
        """
        self.config = config
        self.channel = Channel(config, seed, distance_m, closures)
        self._queue = ByteQueue(config.queue_bytes)
        self._counters = LinkCounters(config.name, self.channel.capacity_bytes)
        self._free_ns = 0
        self.payload_bytes = config.mtu_bytes - config.overhead_bytes
        """Largest payload of a packet, its overhead excluded."""

    def offer(self, now_ns: int, sizes_bytes: Sequence[int]) -> list[Passage]:
        """Accept packets at `now_ns`, first to last, and return the passage of each.

        Sizes include the overhead. `now_ns` must not be before that of an earlier call. A drop is known at once.
        """
        total_bytes = sum(sizes_bytes)
        if self._admit(now_ns, len(sizes_bytes), total_bytes):
            starts_ns, burst = self._take_all(now_ns, sizes_bytes, total_bytes)
            arrived = [not lost for lost in burst.lost]
            passages = list(zip(burst.known_ns, arrived, [start_ns - now_ns for start_ns in starts_ns], strict=True))
        else:
            passages = self._take_what_fits(now_ns, sizes_bytes)
        self._queue.note_occupancy()
        return passages

    def offer_whole(self, now_ns: int, sizes_bytes: Sequence[int], total_bytes: int) -> tuple[int, int, int]:
        """Accept packets of so many bytes together like `offer`, for a caller who needs what became of all of them together.

        Returns:
            When the last packet arrives or is known to be lost (not before now), how many are lost or dropped, and the longest
            time in the queue.
        """
        if self._admit(now_ns, len(sizes_bytes), total_bytes):
            starts_ns, burst = self._take_all(now_ns, sizes_bytes, total_bytes)
            last_ns, lost, queue_ns = burst.last_ns, burst.lost_packets, starts_ns[-1] - now_ns
        else:
            last_ns, lost, queue_ns = now_ns, 0, 0
            for known_ns, arrived, waited_ns in self._take_what_fits(now_ns, sizes_bytes):
                last_ns, queue_ns = max(last_ns, known_ns), max(queue_ns, waited_ns)
                lost += not arrived
        if queue_ns:  # else nothing waits that did not wait before
            self._queue.note_occupancy()
        return last_ns, lost, queue_ns

    def _admit(self, now_ns: int, packets: int, total_bytes: int) -> bool:
        """Count packets that are offered; return whether they are several, and all of them fit."""
        self._counters.count_offered(now_ns, packets, total_bytes)
        self._queue.drain(now_ns)
        return packets > 1 and self._queue.fits(total_bytes)

    def _take_all(self, now_ns: int, sizes_bytes: Sequence[int], total_bytes: int) -> tuple[Sequence[int], Burst]:
        """Accept packets that all fit: a faster `_take_what_fits` with the same result. Return their starts, and they."""
        self._free_ns, starts_ns, burst = self.channel.send_all(max(now_ns, self._free_ns), sizes_bytes, total_bytes)
        if starts_ns[-1] > now_ns:
            self._queue.push_all(now_ns, starts_ns, sizes_bytes)
        self._counters.bursts.append(burst)
        return starts_ns, burst

    def _take_what_fits(self, now_ns: int, sizes_bytes: Sequence[int]) -> list[Passage]:
        queue, counters, in_flight, send = self._queue, self._counters, self._counters.in_flight, self.channel.send
        passages: list[Passage] = []
        for size_bytes in sizes_bytes:
            start_ns = self._free_ns
            if start_ns <= now_ns:
                start_ns = now_ns
            elif not queue.push(start_ns, size_bytes):
                counters.count_dropped(now_ns, size_bytes)
                passages.append((now_ns, False, 0))
                continue
            self._free_ns, known_ns, arrived = send(start_ns, size_bytes)
            in_flight.append((known_ns, size_bytes, arrived))
            passages.append((known_ns, arrived, start_ns - now_ns))
        return passages

    def load(self, now_ns: int) -> LinkLoad:
        """See `Hop`."""
        return recent_load(self.channel, self._counters, now_ns)

    def carry(
        self,
        now_ns: int,
        sizes_bytes: Sequence[int],
        _priority: int,
        on_passages: OnPassages,
        _ecn: EcnField | None = None,
    ) -> None:
        """See `Hop`; all passages are known at once, and nothing is marked."""
        on_passages(0, self.offer(now_ns, sizes_bytes))

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """See `Hop`."""
        return self.channel.cost_ns(now_ns)

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """See `Hop`."""
        return self.channel.rate_bps(now_ns)

    def statistics(self, now_ns: int) -> LinkStatistics:
        """See `Hop`."""
        return self._counters.statistics(now_ns, self._queue.peaks(now_ns))
