"""Transmitters: a constant bandwidth, a ladder over the distance of the two nodes, or a recorded trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simnet import traces
from simnet.errors import InputError
from simnet.net.links.trace_transmitter import OpportunityTransmitter, RateTransmitter
from simnet.records import SECOND_NS
from simnet.traces import OpportunityTrace

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.records import LinkConfig

    Distance = Callable[[str, str, int], float]

BITS_PER_BYTE = 8


class Transmitter(Protocol):
    """Serves one packet after the other."""

    @property
    def ns_per_byte(self) -> float | None:
        """Service time of a byte if it is constant, else None."""
        ...

    def serve(self, start_ns: int, size_bytes: int) -> tuple[int, bool]:
        """Return when a packet that starts at `start_ns` is done, and whether the target is in range.

        The channel calls it once per packet, in order of service; no packet starts before its predecessor is done.
        """
        ...

    def cost_ns(self, now_ns: int, size_bytes: int) -> tuple[int, bool]:
        """Return the approximate service time of a packet that starts now, and whether the target is in range."""
        ...

    def work(self, begin_ns: int, end_ns: int, /) -> tuple[int, bool]:
        """Return what it can do in [begin, end) in bit/s x ns, 8e9 a byte, and whether the target is in range."""
        ...

    def capacity_bytes(self, begin_ns: int, end_ns: int, /) -> int | None:
        """Return the bytes that a recorded bandwidth can carry in [begin, end); None without a recording."""
        ...


def open_transmitter(config: LinkConfig, distance_m: Distance) -> Transmitter:
    """Return an idle transmitter of a link; `distance_m(source, target, t_ns)` must also work for the future.

    Raises:
        InputError: A bandwidth is out of range, or the trace cannot be read.
    """
    _check(config)
    if config.trace is not None:
        trace = traces.read(config.trace)
        if isinstance(trace, OpportunityTrace):
            return OpportunityTransmitter(trace, config.trace.start_ns)
        return RateTransmitter(trace, config.trace.start_ns)
    if config.ladder:
        return _Ladder(config, distance_m)
    return _Constant(config.bandwidth_bps)


def service_ns(size_bytes: int, ns_per_byte: float) -> int:
    """Return the service time of a packet, rounded to the nearest nanosecond."""
    return int(size_bytes * ns_per_byte + 0.5)


class _Constant:
    def __init__(self, rate_bps: float) -> None:
        self.ns_per_byte = _ns_per_byte(rate_bps)
        self._rate_bps = max(1, round(rate_bps))

    def serve(self, start_ns: int, size_bytes: int) -> tuple[int, bool]:
        return start_ns + service_ns(size_bytes, self.ns_per_byte), True

    def cost_ns(self, now_ns: int, size_bytes: int) -> tuple[int, bool]:
        return service_ns(size_bytes, self.ns_per_byte), True

    def work(self, begin_ns: int, end_ns: int) -> tuple[int, bool]:
        return self._rate_bps * (end_ns - begin_ns), True

    def capacity_bytes(self, _begin_ns: int, _end_ns: int) -> None:
        return None


class _Ladder:
    """Serves a packet at the bandwidth for the distance at the start of its service.

    Beyond the last step the transmitter continues at the rate of that step, and nothing is received.
    """

    ns_per_byte = None

    def __init__(self, config: LinkConfig, distance_m: Distance) -> None:
        self._distance_m = distance_m
        self._ends = config.source, config.target
        self._steps = [(up_to_m, _ns_per_byte(rate_bps)) for up_to_m, rate_bps in config.ladder]

    def serve(self, start_ns: int, size_bytes: int) -> tuple[int, bool]:
        service, in_range = self.cost_ns(start_ns, size_bytes)
        return start_ns + service, in_range

    def cost_ns(self, now_ns: int, size_bytes: int) -> tuple[int, bool]:
        distance_m = self._distance_m(*self._ends, now_ns)
        for up_to_m, ns_per_byte in self._steps:
            if distance_m <= up_to_m:
                return service_ns(size_bytes, ns_per_byte), True
        return service_ns(size_bytes, self._steps[-1][1]), False

    def work(self, begin_ns: int, end_ns: int) -> tuple[int, bool]:
        distance_m = self._distance_m(*self._ends, begin_ns)
        for up_to_m, ns_per_byte in self._steps:
            if distance_m <= up_to_m:
                return _work(ns_per_byte, end_ns - begin_ns), True
        return _work(self._steps[-1][1], end_ns - begin_ns), False

    def capacity_bytes(self, _begin_ns: int, _end_ns: int) -> None:
        return None


def _work(ns_per_byte: float, time_ns: int) -> int:
    return max(1, round(BITS_PER_BYTE * SECOND_NS / ns_per_byte)) * time_ns


def _ns_per_byte(rate_bps: float) -> float:
    return BITS_PER_BYTE * SECOND_NS / rate_bps


def _check(config: LinkConfig) -> None:
    rates = [rate_bps for _, rate_bps in config.ladder] or [config.bandwidth_bps]
    for rate_bps in rates:
        if not rate_bps > 0:
            raise InputError(f"link {config.name!r}: bandwidth is {rate_bps} bit/s; expected more than 0")
    steps = [up_to_m for up_to_m, _ in config.ladder]
    if any(not near < far for near, far in zip([0.0, *steps], steps, strict=False)):
        raise InputError(f"link {config.name!r}: ladder steps are {steps} m; expected ascending distances above 0")
