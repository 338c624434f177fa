"""Rate control at the camera: fixed quality, a target bit rate, or what the receiver's feedback allows.

fixed     the quality asked for
target    the quality whose frames, packet overhead included, fit the bit rate; what went over is paid back
adaptive  a bit rate that feedback moves: down when frames queue or packets are lost, up while the link is free
(others)  another package's: `own_rate`
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING

from simnet.nodes import plugin_rate
from simnet.nodes.rate_model import RateModel
from simnet.records import SECOND_NS, RateConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simnet.records.grants import Feedback

LARGEST_STEP = 0.35
"""Quality changes by at most this much from frame to frame: the model is a guess at first."""

BUSY, FREE = 0.7, 0.5
"""Waiting in queues, in frame periods, above which the bit rate falls and below which it rises."""
LOSS_HIGH, LOSS_LOW = 0.10, 0.05
RISE = 1.06
BELOW, FASTEST_DRAIN = 0.9, 0.25
"""While frames queue, the bit rate is between these shares of what arrives."""
SILENT_FALL = 0.7
HOLD_PERIODS = 2
"""A fall needs this many frames before it shows, and silence for this many is no sign yet."""
DELIVERED_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class RateSetup:
    """What rate control needs to know of a stream and of its first link."""

    config: RateConfig
    period_ns: int
    payload_bytes: int
    """What one packet carries."""
    overhead_bytes: int
    repair: float = 0.0
    """Repair packets for each packet of data; they count as the others do."""

    def link_bytes(self, size_bytes: int) -> int:
        """Return what a bitstream takes on the link, every packet's overhead included."""
        packets = max(1, -(-size_bytes // self.payload_bytes))
        repair = ceil(self.repair * packets) if self.repair else 0
        return size_bytes + packets * self.overhead_bytes + repair * (-(-size_bytes // packets) + self.overhead_bytes)

    def frame_bytes(self, rate_bps: float) -> float:
        """Return a frame's share of a bit rate."""
        return rate_bps * self.period_ns / SECOND_NS / 8


@dataclass(frozen=True, slots=True)
class RateState:
    """What rate control has seen so far."""

    quality: float
    model: RateModel = field(default_factory=RateModel)
    measured: int = 0
    """Frames that the model has learned from."""
    debt_bytes: float = 0.0
    """What has been sent beyond the target, each frame's part bounded; paid back over a second."""
    rate_bps: float | None = None
    """Adaptive: the bit rate that the link is taken to bear; None until a frame has been measured."""
    loss: float = 0.0
    """Share of packets lost, smoothed over about a second."""
    delivered_bps: float | None = None
    """Smoothed rate at which frames arrive, by the receiver's reports."""
    heard_ns: int | None = None
    """The last report that told of any packet (at first, the first report)."""
    held_until_ns: int = 0
    """No second fall for loss or silence before this, so that the first can take effect."""
    plugin_state: str = ""
    """What a rate control of another package keeps, as JSON."""


def start(setup: RateSetup) -> RateState:
    """Return the state before the first frame."""
    config = setup.config
    if config.kind not in plugin_rate.BUILT_IN:
        return RateState(config.quality, plugin_state=plugin_rate.find(config.kind).start(setup))
    return RateState(quality=min(max(config.quality, config.quality_min), config.quality_max))


def on_encoded(
    setup: RateSetup, state: RateState, quality: float, size_bytes: int, *, typical: bool = True
) -> RateState:
    """Return the state after a frame coded at `quality` came out with `size_bytes`.

    One that is not typical (a key frame among others) is paid for, but says nothing of the size of the next.
    """
    if setup.config.kind == "fixed":
        return state
    link_bytes = setup.link_bytes(size_bytes)
    model = state.model.learn(quality, link_bytes) if typical else state.model
    debt = state.debt_bytes
    if setup.config.target_bps is not None:
        share = setup.frame_bytes(setup.config.target_bps)
        over = min(max(link_bytes - share, -share / 2), share / 2)
        debt = min(max(debt + over, -2 * share), 2 * share)
    rate = state.rate_bps
    if rate is None:
        rate = link_bytes * 8 * SECOND_NS / setup.period_ns
    return replace(state, model=model, measured=state.measured + 1, debt_bytes=debt, rate_bps=rate)


def on_feedback(setup: RateSetup, state: RateState, feedback: Iterable[Feedback]) -> RateState:
    """Return the state after feedback has arrived, oldest first; only adaptive streams listen, and requests are no reports."""
    if setup.config.kind == "adaptive":
        for report in feedback:
            if report.undecodable is None:
                state = _adapt(setup, state, report)
    return state


def choose_quality(setup: RateSetup, state: RateState) -> RateState:
    """Return the state with the next frame's quality in it."""
    if setup.config.kind == "fixed" or state.measured == 0:
        return state
    if setup.config.kind == "target":
        assert setup.config.target_bps is not None, "the schema asks for a target"
        share = setup.frame_bytes(setup.config.target_bps)
        frames_a_second = max(4.0, SECOND_NS / setup.period_ns)
        wanted = max(share - state.debt_bytes / frames_a_second, share / 3)
    else:
        assert state.rate_bps is not None, "set by the first measured frame"
        wanted = setup.frame_bytes(state.rate_bps)
    quality = state.model.quality_for(wanted)
    quality = min(max(quality, state.quality - LARGEST_STEP), state.quality + LARGEST_STEP)
    return replace(state, quality=min(max(quality, setup.config.quality_min), setup.config.quality_max))


def _adapt(setup: RateSetup, state: RateState, report: Feedback) -> RateState:
    """Move the bit rate after one report.

    While frames queue, what arrives is what the link bears: the rate goes below it, the further the longer the queue, so
    that the queue is gone in about a second. Then it rises by a few percent each time.
    """
    if state.rate_bps is None:
        return state
    packets = report.packets_received + report.packets_lost
    if packets == 0:
        return _adapt_to_silence(setup, state, report.time_ns)
    loss = state.loss + min(1.0, packets * 0.03) * (report.packets_lost / packets - state.loss)
    state = replace(state, loss=loss, delivered_bps=_delivered(setup, state, report), heard_ns=report.time_ns)
    over_ns = report.queue_ns - BUSY * setup.period_ns
    rate = state.rate_bps or 0.0
    if over_ns > 0 and state.delivered_bps:
        rate = state.delivered_bps * min(BELOW, max(FASTEST_DRAIN, 1 - over_ns / SECOND_NS))
    elif loss > LOSS_HIGH:
        if report.time_ns >= state.held_until_ns:
            rate *= 1 - loss / 2
            state = replace(state, held_until_ns=report.time_ns + HOLD_PERIODS * setup.period_ns + report.delay_ns)
    elif report.queue_ns < FREE * setup.period_ns and loss < LOSS_LOW:
        rate *= RISE
    return _bounded(setup, state, rate)


def _adapt_to_silence(setup: RateSetup, state: RateState, now_ns: int) -> RateState:
    """Nothing at all has arrived since the last report: fine for a while, then the first sign of a long queue."""
    if state.heard_ns is None:
        return replace(state, heard_ns=now_ns)
    if now_ns < max(state.heard_ns + HOLD_PERIODS * setup.period_ns, state.held_until_ns):
        return state
    held = replace(state, held_until_ns=now_ns + HOLD_PERIODS * setup.period_ns)
    return _bounded(setup, held, (state.rate_bps or 0.0) * SILENT_FALL)


def _delivered(setup: RateSetup, state: RateState, report: Feedback) -> float | None:
    """Return the smoothed rate at which whole frames arrive; None before the first has."""
    if report.frames == 0:
        return state.delivered_bps
    if state.delivered_bps is None or state.heard_ns is None:
        return report.received_bytes * 8 * SECOND_NS / max(setup.period_ns, report.delay_ns)
    now = report.received_bytes * 8 * SECOND_NS / max(1, report.time_ns - state.heard_ns)
    return state.delivered_bps + DELIVERED_WEIGHT * (now - state.delivered_bps)


def _bounded(setup: RateSetup, state: RateState, rate_bps: float) -> RateState:
    """Return the state with a bit rate that the bounds of quality can reach: it does not run off beyond them."""
    config = setup.config
    lowest, highest = (
        state.model.size_for(quality) * 8 * SECOND_NS / setup.period_ns
        for quality in (config.quality_min, config.quality_max)
    )
    return replace(state, rate_bps=min(max(rate_bps, lowest), highest))
