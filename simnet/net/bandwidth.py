"""How fast a link's transmitter is at an instant: a constant, or a ladder over the distance of its two nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.records import LinkConfig

    Distance = Callable[[str, str, int], float]

BITS_PER_BYTE = 8


class Bandwidth:
    """The time that a byte takes on a link.

    Past the ladder's last step the transmitter goes on at that step's rate and nothing it sends is received.
    """

    def __init__(self, config: LinkConfig, distance_m: Distance) -> None:
        """Take the law from `config`; `distance_m(source, target, t_ns)` must answer for times ahead of now too."""
        _check(config)
        self._distance_m = distance_m
        self._ends = config.source, config.target
        self._steps = [(up_to_m, _ns_per_byte(rate_bps)) for up_to_m, rate_bps in config.ladder]
        self.constant = None if config.ladder else (_ns_per_byte(config.bandwidth_bps), True)
        """What `at` gives where it never changes, else None."""

    def at(self, t_ns: int) -> tuple[float, bool]:
        """Return ns a byte at `t_ns`, and whether the other end is in range."""
        if self.constant is not None:
            return self.constant
        distance_m = self._distance_m(*self._ends, t_ns)
        for up_to_m, ns_per_byte in self._steps:
            if distance_m <= up_to_m:
                return ns_per_byte, True
        return self._steps[-1][1], False


def service_ns(size_bytes: int, ns_per_byte: float) -> int:
    """Return the time on the transmitter, rounded to the nearest nanosecond for every packet by itself."""
    return int(size_bytes * ns_per_byte + 0.5)


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
