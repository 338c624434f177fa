"""The channel behind a link's queue: a transmitter, and the air."""

from __future__ import annotations

from itertools import accumulate, islice
from operator import add
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.link_statistics import Burst
from simnet.net.links.jitter import extra_delays
from simnet.net.links.loss import losses
from simnet.net.links.outages import Outages
from simnet.net.links.transmitter import open_transmitter
from simnet.records import SECOND_NS
from simnet.seeds import generator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.links.outages import Closure
    from simnet.net.links.transmitter import Distance
    from simnet.records import LinkConfig

DISTANCE_STEP_NS = 1_000_000
"""Step of propagation delays when routes are compared, so that small movements do not change the route."""


class Channel:
    """Sends one packet after the other: transmitter (bandwidth) --> air (delay, jitter, loss, closures).

    A lost packet has used the transmitter. The transmitter also works during a closure (an outage, a hand-over): a packet is lost
    if there is a closure at any time between the start of its transmission and its arrival.
    """

    def __init__(self, config: LinkConfig, seed: int, distance_m: Distance, closures: Sequence[Closure] = ()) -> None:
        """Create an idle channel; its draws depend on `seed` and the link's name only.

        Raises:
            InputError: A number in `config` is out of range, or a trace cannot be read.
        """
        _check(config)
        self.config = config
        self._transmitter = open_transmitter(config, distance_m)
        self._ns_per_byte = self._transmitter.ns_per_byte
        self._delay_ns = config.delay_ns
        self._distance_m = distance_m
        self._ends = config.source, config.target
        self._speed_mps = config.propagation_mps
        self._in_order = not config.reorder
        self._losses = losses(config.loss, config.name, generator(seed, "link", config.name, "loss"))
        self._extra_ns = extra_delays(config.jitter_ns, generator(seed, "link", config.name, "jitter"))
        self._has_jitter = config.jitter_ns > 0
        self._has_loss = not config.loss.is_lossless
        self._closures = [Outages(config), *closures] if config.outages else closures
        self._last_arrival_ns = 0

    def send(self, start_ns: int, size_bytes: int) -> tuple[int, int, bool]:
        """Send a packet from `start_ns` on, at the end of its predecessor or later.

        Returns:
            When the transmitter is free again, when the packet arrives or is known to be lost (both ns), and whether it arrives.
        """
        if self._ns_per_byte is None:
            free_ns, arrived = self._transmitter.serve(start_ns, size_bytes)
        else:
            free_ns, arrived = start_ns + int(size_bytes * self._ns_per_byte + 0.5), True
        return free_ns, *self.cross_air(start_ns, free_ns, in_range=arrived)

    def work(self, begin_ns: int, end_ns: int) -> tuple[int, bool]:
        """Return what the transmitter can do in [begin, end) in bit/s x ns, 8e9 a byte, and whether the target is in range."""
        return self._transmitter.work(begin_ns, end_ns)

    def cross_air(self, start_ns: int, free_ns: int, *, in_range: bool = True) -> tuple[int, bool]:
        """Return when a packet arrives, or is known to be lost, that was transmitted in [start, free), and whether it arrives."""
        arrived = in_range
        known_ns = free_ns + self._delay_ns + next(self._extra_ns)
        if self._speed_mps is not None:
            known_ns += self._propagation_ns(free_ns, self._speed_mps)
        if self._in_order:
            # Lost packets keep their order too, so that losses do not change when other packets arrive.
            known_ns = max(known_ns, self._last_arrival_ns)
            self._last_arrival_ns = known_ns
        if next(self._losses):
            arrived = False
        for closure in self._closures:
            arrived = arrived and not closure.overlaps(start_ns, known_ns)
        return known_ns, arrived

    def send_all(self, start_ns: int, sizes_bytes: Sequence[int], total_bytes: int) -> tuple[int, Sequence[int], Burst]:
        """Send packets of so many bytes together back to back, with the result that `send` would give.

        Returns:
            When the transmitter is free again, when each packet starts, and the packets on the air.
        """
        count = len(sizes_bytes)
        if self._ns_per_byte is None or self._speed_mps is not None or self._closures:
            return self._send_each(start_ns, sizes_bytes, total_bytes)
        # Nearly all links take this branch, and it is nearly all of a packet's cost: a packet costs no statement of its own.
        starts_ns, free_ns = _starts_ns(start_ns, sizes_bytes, self._ns_per_byte)
        known_ns = _ends_ns(starts_ns, free_ns, self._delay_ns)
        if self._has_jitter:
            known_ns = list(map(add, known_ns, islice(self._extra_ns, count)))
            if self._in_order:
                known_ns = list(accumulate(known_ns, max, initial=self._last_arrival_ns))[1:]
        lost = list(islice(self._losses, count)) if self._has_loss else [False] * count
        is_ascending = self._in_order or not self._has_jitter
        burst = _burst(known_ns, sizes_bytes, total_bytes, lost, is_ascending=is_ascending)
        self._last_arrival_ns = max(self._last_arrival_ns, burst.last_ns)
        return free_ns, starts_ns, burst

    def _send_each(
        self, start_ns: int, sizes_bytes: Sequence[int], total_bytes: int
    ) -> tuple[int, Sequence[int], Burst]:
        starts_ns: list[int] = []
        known_ns: list[int] = []
        lost: list[bool] = []
        for size_bytes in sizes_bytes:
            starts_ns.append(start_ns)
            start_ns, known, arrived = self.send(start_ns, size_bytes)
            known_ns.append(known)
            lost.append(not arrived)
        return start_ns, starts_ns, _burst(known_ns, sizes_bytes, total_bytes, lost)

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """Return delay plus service time of a full packet that starts now, and whether it would arrive."""
        service_ns, in_range = self._transmitter.cost_ns(now_ns, self.config.mtu_bytes)
        cost_ns = self._delay_ns + service_ns
        if self._speed_mps is not None:
            propagation_ns = self._propagation_ns(now_ns, self._speed_mps)
            cost_ns += propagation_ns - propagation_ns % DISTANCE_STEP_NS
        return cost_ns, in_range and not any(closure.overlaps(now_ns, now_ns) for closure in self._closures)

    def service_ns(self, now_ns: int, size_bytes: int) -> int:
        """Return the service time of a packet that starts now: exact without a trace, an estimate with one."""
        return self._transmitter.cost_ns(now_ns, size_bytes)[0]

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """Return the approximate bit rate of a full packet that starts now, and whether it would arrive."""
        service_ns, in_range = self._transmitter.cost_ns(now_ns, self.config.mtu_bytes)
        rate_bps = 8 * self.config.mtu_bytes * SECOND_NS / max(service_ns, 1)
        return rate_bps, in_range and not any(closure.overlaps(now_ns, now_ns) for closure in self._closures)

    def capacity_bytes(self, begin_ns: int, end_ns: int) -> int | None:
        """Return the bytes that a recorded bandwidth can carry in [begin, end); None without a recording."""
        return self._transmitter.capacity_bytes(begin_ns, end_ns)

    def _propagation_ns(self, t_ns: int, speed_mps: float) -> int:
        return round(self._distance_m(*self._ends, t_ns) / speed_mps * SECOND_NS)


def _starts_ns(start_ns: int, sizes_bytes: Sequence[int], ns_per_byte: float) -> tuple[Sequence[int], int]:
    """Return when each packet starts that is sent back to back, and when the last one is done."""
    size_bytes, count = sizes_bytes[0], len(sizes_bytes)
    service_ns = int(size_bytes * ns_per_byte + 0.5)
    if service_ns and sizes_bytes.count(size_bytes) == count - (sizes_bytes[-1] != size_bytes):
        # A frame's packets are alike but for the last one.
        starts_ns = range(start_ns, start_ns + service_ns * count, service_ns)
        return starts_ns, starts_ns[-1] + int(sizes_bytes[-1] * ns_per_byte + 0.5)
    every_ns = list(accumulate([int(each * ns_per_byte + 0.5) for each in sizes_bytes], initial=start_ns))
    return every_ns, every_ns.pop()


def _ends_ns(starts_ns: Sequence[int], free_ns: int, delay_ns: int) -> Sequence[int]:
    """Return when each packet has crossed the air: the end of its service, which begins that of the next one, and the delay."""
    if isinstance(starts_ns, range):
        ends_ns = range(starts_ns[0] + starts_ns.step + delay_ns, free_ns + delay_ns + 1, starts_ns.step)
        if len(ends_ns) == len(starts_ns) and ends_ns[-1] == free_ns + delay_ns:
            return ends_ns
    return [*[end_ns + delay_ns for end_ns in starts_ns[1:]], free_ns + delay_ns]


def _burst(
    known_ns: Sequence[int],
    sizes_bytes: Sequence[int],
    total_bytes: int,
    lost: list[bool],
    *,
    is_ascending: bool = False,
) -> Burst:
    first_ns, last_ns = (known_ns[0], known_ns[-1]) if is_ascending else (min(known_ns), max(known_ns))
    return Burst(known_ns, sizes_bytes, lost, first_ns, last_ns, total_bytes, lost.count(True))


def _check(config: LinkConfig) -> None:
    where = f"link {config.name!r}"
    if config.source == config.target:
        raise InputError(f"{where}: source and target are both {config.source!r}; expected two nodes")
    if config.queue not in {"fifo", "priority", "codel", "dualpi2"}:
        raise InputError(f"{where}: queue is {config.queue!r}; expected fifo, priority, codel or dualpi2")
    for name in ("codel_target_ns", "codel_interval_ns", "dualpi2_target_ns", "dualpi2_round_trip_ns"):
        if getattr(config, name) <= 0:
            raise InputError(f"{where}: {name} is {getattr(config, name)}; expected more than 0")
    for name in ("delay_ns", "jitter_ns", "queue_bytes", "overhead_bytes"):
        if getattr(config, name) < 0:
            raise InputError(f"{where}: {name} is {getattr(config, name)}; expected 0 or more")
    if config.mtu_bytes <= config.overhead_bytes:
        raise InputError(
            f"{where}: mtu is {config.mtu_bytes} bytes; expected more than the overhead, {config.overhead_bytes} bytes"
        )
    if config.propagation_mps is not None and not config.propagation_mps > 0:
        raise InputError(f"{where}: propagation is {config.propagation_mps} m/s; expected more than 0")
