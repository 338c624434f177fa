"""The interface of a source of background traffic, and the sources of a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simnet.errors import InputError
from simnet.net.traffic.greedy_flow import GreedyFlow
from simnet.net.traffic.open_loop import OpenLoop, on_off_times, poisson_times
from simnet.records import SECOND_NS
from simnet.seeds import generator

if TYPE_CHECKING:
    from simnet.records import LinkConfig, TrafficConfig

BITS_NS = 8 * SECOND_NS
"""Work of one byte, in bit/s x ns."""


class TrafficSource(Protocol):
    """One source; it does not act by itself, but says when it is to be asked."""

    def next_ns(self) -> int | None:
        """Return when it next acts; None while that depends on a packet in flight, or if it is over."""
        ...

    def act(self, now_ns: int, /) -> int:
        """Act at `now_ns`, its next time; return the number of packets that it sends now."""
        ...

    def ended(self, number: int, known_ns: int, *, arrived: bool) -> None:
        """Note that packet `number`, counted from 0, arrives or is known to be lost at `known_ns`, now or later."""
        ...


def open_sources(link: LinkConfig, seed: int, until_ns: int) -> list[tuple[TrafficConfig, TrafficSource]]:
    """Return the sources of a link, which send before `until_ns`; their draws depend on `seed` and the link's name.

    Raises:
        InputError: A number is out of range.
    """
    opened: list[tuple[TrafficConfig, TrafficSource]] = []
    for index, config in enumerate(link.traffic):
        _check(config, link)
        end_ns = until_ns if config.end_ns is None else min(until_ns, config.end_ns)
        for flow in range(config.flows):
            names = "link", link.name, "traffic", str(index), str(flow)
            if config.kind == "greedy":
                # Flows that begin together would stay in step.
                begin_ns = config.begin_ns + flow * config.rtt_ns // config.flows
                most = config.window_bytes // config.packet_bytes
                opened.append((config, GreedyFlow(begin_ns, end_ns, config.rtt_ns, most)))
                continue
            times = poisson_times if config.kind == "poisson" else on_off_times
            gap_ns = config.packet_bytes * BITS_NS / config.rate_bps
            opened.append((config, OpenLoop(times(config, gap_ns, generator(seed, *names)), end_ns)))
    return opened


def _check(config: TrafficConfig, link: LinkConfig) -> None:
    where = f"traffic of link {link.name!r}"
    if config.kind not in {"poisson", "on-off", "greedy"}:
        raise InputError(f"{where}: kind is {config.kind!r}; expected poisson, on-off or greedy")
    if not 0 < config.packet_bytes <= link.mtu_bytes:
        raise InputError(
            f"{where}: packets of {config.packet_bytes} bytes; expected 1 to {link.mtu_bytes}, the link's mtu"
        )
    if config.kind == "greedy":
        if config.rtt_ns <= 0 or config.window_bytes < config.packet_bytes:
            raise InputError(
                f"{where}: a round trip of {config.rtt_ns} ns and a window of {config.window_bytes} bytes; "
                "expected more than 0, and room for a packet"
            )
    elif not config.rate_bps > 0:
        raise InputError(f"{where}: rate is {config.rate_bps} bit/s; expected more than 0")
    if config.kind == "on-off" and (config.busy_ns <= 0 or config.idle_ns < 0):
        raise InputError(
            f"{where}: on for {config.busy_ns} ns, off for {config.idle_ns} ns; expected more than 0, and 0 or more"
        )
