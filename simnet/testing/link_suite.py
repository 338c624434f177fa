"""Conformance suite of links: packet conservation, rate limit, dependence on the seed only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from simnet.net import Network
from simnet.records import SECOND_NS
from simnet.testing.require import require, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net import LinkStatistics, Transfer
    from simnet.records import LinkConfig

FRAMES = 300
SPARSE_PACKETS = 3000
DISTANCE_M = 50.0
SIGMAS = 6


@dataclass(frozen=True)
class LinkUnderTest:
    """One direction of a link, as a `LinkConfig`; `simnet.load(name).links` has those of a scenario.

    Shared media and hand-overs involve several links, so they are excluded. `network` makes the network from (clock, links, seed,
    function for the distance of two nodes in metres at a time): simnet's own, or any object with its `send` and `statistics`.
    """

    link: LinkConfig
    seed: int = 1
    network: Callable[..., Any] = Network

    @cached_property
    def config(self) -> LinkConfig:
        """The link without shared medium and hand-overs."""
        return replace(self.link, medium=None, handover=None)

    @property
    def fastest_bps(self) -> float:
        """Upper limit of the link's rate; infinite if a recorded trace sets the bandwidth."""
        if self.config.trace is not None:
            return float("inf")
        return max((rate_bps for _, rate_bps in self.config.ladder), default=self.config.bandwidth_bps)

    def carry(self, sends: Sequence[tuple[int, int]], seed: int | None = None) -> tuple[list[Transfer], LinkStatistics]:
        """Send frames (time in ns, bytes); return their transfers in the order of notification, and the link statistics."""
        env = simpy.Environment(0)
        network = self.network(env, [self.config], self.seed if seed is None else seed, lambda *_: DISTANCE_M)
        told: list[Transfer] = []
        for t_ns, size_bytes in sends:
            event = env.timeout(t_ns, size_bytes)
            event.callbacks.append(
                lambda event: network.send(self.config.source, self.config.target, event.value, told.append)
            )
        env.run()
        return told, network.statistics()[0]

    @cached_property
    def busy(self) -> list[tuple[int, int]]:
        """Frames of many sizes, with bursts and gaps, at about the mean capacity of the link."""
        draw = np.random.default_rng(3)
        mean_bps = self.config.bandwidth_bps if self.config.trace is not None else self.fastest_bps
        sizes = draw.integers(1, 6000, size=FRAMES)
        gaps = draw.exponential(8 * 3000 / mean_bps * SECOND_NS, size=FRAMES) * draw.choice([0, 0.2, 3], size=FRAMES)
        return [(int(t_ns), int(size)) for t_ns, size in zip(gaps.cumsum(), sizes, strict=True)]


def check_link(link: LinkConfig, *, seed: int = 1, network: Callable[..., Any] = Network) -> None:
    """Run the whole suite on one direction of a link; see `LinkUnderTest` for the arguments.

    Raises:
        AssertionError: A check fails; the text states the expectation.
    """
    run(LINK_CHECKS, LinkUnderTest(link, seed, network))


def every_frame_is_told_once(subject: LinkUnderTest) -> None:
    """Each send has exactly one outcome: complete, with its time, or incomplete."""
    told, _ = subject.carry(subject.busy)
    require(len(told) == FRAMES, f"{FRAMES} frames sent: {len(told)} ends told; expected one each")
    for transfer in told:
        whole = transfer.packets_lost == 0
        text = f"a frame with {transfer.packets_lost} of {transfer.packets_sent} packets lost: complete={transfer.complete}"
        require(transfer.complete == whole == (transfer.arrived_ns is not None), f"{text}; expected {whole}")


def packets_are_conserved(subject: LinkUnderTest) -> None:
    """Packets sent = arrived + lost + dropped; none remain at the end, and byte counts agree with the frames."""
    told, counted = subject.carry(subject.busy)
    ends = counted.delivered_packets + counted.lost_packets + counted.dropped_packets
    require(
        counted.in_flight_packets == 0, f"at the end {counted.in_flight_packets} packets are in flight; expected none"
    )
    require(counted.sent_packets == ends, f"{counted.sent_packets} packets sent and {ends} ended; expected as many")
    bytes_ended = counted.delivered_bytes + counted.lost_bytes + counted.dropped_bytes
    require(
        counted.sent_bytes == bytes_ended, f"{counted.sent_bytes} bytes sent and {bytes_ended} ended; expected as many"
    )
    sent, lost = (sum(getattr(each, name) for each in told) for name in ("packets_sent", "packets_lost"))
    require(sent == counted.sent_packets, f"frames of {sent} packets, {counted.sent_packets} counted; expected as many")
    gone = counted.lost_packets + counted.dropped_packets
    require(lost == gone, f"frames miss {lost} packets, {gone} counted; expected as many")


def nothing_is_faster_than_the_link(subject: LinkUnderTest) -> None:
    """A frame takes at least its serialization time plus the delay; all frames take at least their serialization time."""
    told, counted = subject.carry(subject.busy)
    fastest, delay_ns = subject.fastest_bps, subject.config.delay_ns
    slack_ns = max((each.packets_sent for each in told), default=0)  # each packet's time is rounded
    arrived = [each for each in told if each.arrived_ns is not None]
    for each in arrived:
        least_ns = delay_ns + 8 * each.link_bytes / fastest * SECOND_NS - slack_ns
        took_ns = (each.arrived_ns or 0) - each.sent_ns
        text = f"a frame of {each.link_bytes} bytes on the link took {took_ns} ns; expected {least_ns:.0f} ns or more"
        require(took_ns >= least_ns, text)
    if arrived:
        span_ns = max(each.arrived_ns or 0 for each in arrived) - subject.busy[0][0]
        most = fastest * (span_ns + counted.delivered_packets) / SECOND_NS / 8
        require(
            counted.delivered_bytes <= most,
            f"{counted.delivered_bytes} bytes in {span_ns} ns; expected {most:.0f} at most",
        )


def frames_keep_their_order(subject: LinkUnderTest) -> None:
    """A first-in, first-out link delivers in the order of sending, unless jitter may reorder."""
    if subject.config.queue != "fifo" or subject.config.reorder:
        return
    told, _ = subject.carry(subject.busy)
    whole = sorted((each for each in told if each.arrived_ns is not None), key=lambda each: each.sent_ns)
    late = [(a, b) for a, b in pairwise(whole) if a.sent_ns < b.sent_ns and (a.arrived_ns or 0) > (b.arrived_ns or 0)]
    require(
        not late,
        f"{len(late)} frames arrive before one that was sent earlier; expected the order in which they were sent",
    )


def the_seed_says_it_all(subject: LinkUnderTest) -> None:
    """The same sends and seed give the same outcomes."""
    first, second = (subject.carry(subject.busy)[0] for _ in range(2))
    require(first == second, "the same frames and seed: other ends the second time; expected the same")


def as_much_is_lost_as_is_said(subject: LinkUnderTest) -> None:
    """Packets far apart are lost at the configured rate, within statistical error; during outages all are lost."""
    loss, config = subject.config.loss, subject.config
    if config.ladder or config.trace is not None:
        return
    period_ns = (
        round(8 * 20 * config.mtu_bytes / config.bandwidth_bps * SECOND_NS) + config.delay_ns + 8 * config.jitter_ns
    )
    sends = [(number * period_ns, 100) for number in range(SPARSE_PACKETS)]
    told, _ = subject.carry(sends)
    closed = [each for each in told if any(begin <= each.sent_ns < end for begin, end in config.outages)]
    for each in closed:
        require(not each.complete, f"a frame sent at {each.sent_ns} ns, in an outage, arrives; expected it to be lost")
    # A packet in flight when an outage begins is also lost: exclude those.
    flight_ns = period_ns
    clear = [each for each in told if not any(begin - flight_ns <= each.sent_ns < end for begin, end in config.outages)]
    if not clear:
        return
    share = sum(not each.complete for each in clear) / len(clear)
    mean = 0.0 if loss.model == "none" else loss.mean
    spread = SIGMAS * (max(mean * (1 - mean), 1e-12) * 2 * max(1.0, loss.burst) / len(clear)) ** 0.5
    found = f"{100 * share:.2f} % of {len(clear)} packets far apart are lost"
    text = f"{found}; expected {100 * mean:g} % to within {100 * spread:.2f} %"
    require(abs(share - mean) <= spread, text)


LINK_CHECKS: tuple[Callable[[LinkUnderTest], None], ...] = (
    every_frame_is_told_once,
    packets_are_conserved,
    nothing_is_faster_than_the_link,
    frames_keep_their_order,
    the_seed_says_it_all,
    as_much_is_lost_as_is_said,
)
