"""One direction of a link: queue, transmitter, air."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.bandwidth import Bandwidth, service_ns
from simnet.net.jitter import extra_delays
from simnet.net.loss import losses
from simnet.net.queue import ByteQueue
from simnet.net.statistics import Ledger, LinkStatistics
from simnet.seeds import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.bandwidth import Distance
    from simnet.records import LinkConfig

    Passage = tuple[int, bool, int]
    """(when it arrived or was known not to, whether it arrived, time in the queue), times in ns."""


class Link:
    """A link from one node to another, as arithmetic: a packet's whole passage is known as it is offered.

        offered --> queue (bytes, tail drop) --> transmitter (bandwidth) --> air (delay, jitter, loss) --> arrived

    Service is first in, first out and never interrupted, so a packet starts when its predecessor is done (Lindley's
    recursion, 1952): start = max(now, free); free = start + service. No event is needed before it arrives, and the
    result is exact as long as packets are offered in order of time. The bandwidth is that of the moment when service
    starts. A lost packet has used the transmitter; a dropped one has not, and takes no draw.
    """

    def __init__(self, config: LinkConfig, seed: int, distance_m: Distance) -> None:
        """Make an idle link; its draws depend on `seed` and its name alone.

        Raises:
            InputError: a number in `config` that no link can have.
        """
        _check(config)
        self.config = config
        self._bandwidth = Bandwidth(config, distance_m)
        self._constant = self._bandwidth.constant
        self._delay_ns = config.delay_ns
        self._in_order = not config.reorder
        self._losses = losses(config.loss, config.name, generator(seed, "link", config.name, "loss"))
        self._extra_ns = extra_delays(config.jitter_ns, generator(seed, "link", config.name, "jitter"))
        self._queue = ByteQueue(config.queue_bytes)
        self._ledger = Ledger(config.name)
        self._free_ns = 0
        self._last_arrival_ns = 0

    @property
    def payload_bytes(self) -> int:
        """What a packet carries beside its overhead, at most."""
        return self.config.mtu_bytes - self.config.overhead_bytes

    def offer(self, now_ns: int, sizes_bytes: Sequence[int]) -> list[Passage]:
        """Take packets in at `now_ns`, first to last, and return each one's passage.

        Sizes include the overhead. `now_ns` must not be before an earlier call's. A dropped packet is known at once.
        """
        queue, ledger, in_flight = self._queue, self._ledger, self._ledger.in_flight
        ledger.offered(now_ns, len(sizes_bytes), sum(sizes_bytes))
        queue.drain(now_ns)
        passages: list[Passage] = []
        for size_bytes in sizes_bytes:
            start_ns = self._free_ns
            if start_ns <= now_ns:
                start_ns = now_ns
            elif not queue.push(start_ns, size_bytes):
                ledger.dropped(now_ns, size_bytes)
                passages.append((now_ns, False, 0))
                continue
            ns_per_byte, in_range = self._constant or self._bandwidth.at(start_ns)
            self._free_ns = start_ns + service_ns(size_bytes, ns_per_byte)
            known_ns = self._free_ns + self._delay_ns + next(self._extra_ns)
            if self._in_order:
                # Lost packets keep their place too: what is lost does not change when the others arrive.
                known_ns = self._last_arrival_ns = max(known_ns, self._last_arrival_ns)
            arrived = not next(self._losses) and in_range
            in_flight.append((known_ns, size_bytes, arrived))
            passages.append((known_ns, arrived, start_ns - now_ns))
        queue.note()
        return passages

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """Return the delay and service of a full packet, if it started now, and whether it would be in range."""
        ns_per_byte, in_range = self._bandwidth.at(now_ns)
        return self.config.delay_ns + service_ns(self.config.mtu_bytes, ns_per_byte), in_range

    def statistics(self, now_ns: int) -> LinkStatistics:
        """Return what the link did until `now_ns`."""
        return self._ledger.statistics(now_ns, self._queue.peaks(now_ns))


def _check(config: LinkConfig) -> None:
    where = f"link {config.name!r}"
    if config.source == config.target:
        raise InputError(f"{where}: source and target are both {config.source!r}; expected two nodes")
    for name in ("delay_ns", "jitter_ns", "queue_bytes", "overhead_bytes"):
        if getattr(config, name) < 0:
            raise InputError(f"{where}: {name} is {getattr(config, name)}; expected 0 or more")
    if config.mtu_bytes <= config.overhead_bytes:
        raise InputError(
            f"{where}: mtu is {config.mtu_bytes} bytes; expected more than the overhead, {config.overhead_bytes} bytes"
        )
