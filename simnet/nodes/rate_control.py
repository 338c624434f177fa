"""Rate control of a camera: chooses the quality of each frame.

fixed     the quality of the scenario
target    the quality whose frames, packet overhead included, fit the bit rate; an excess is paid back
adaptive  a bit rate that follows feedback: down when frames queue or packets are lost, up while the link is free
allotted  the bit rate that fusion allots, kept as a target is
scream, gcc
          the bit rate that the congestion control of the stream's transport allows
(others)  the rate control of another package: `plugin_rate`
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet.nodes import plugin_rate
from simnet.nodes.rate_state import RateSetup, RateState
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simnet.records.grants import Feedback

LARGEST_STEP = 0.35
"""Largest change of quality from frame to frame: at first the model is only a guess."""

FIRST_STEP, FIRST_FRAMES = 0.2, 4
"""The same for the first frames of an allotted stream: it shares its link, and what it takes too much makes others late."""

BUSY, FREE = 0.7, 0.5
"""Time in queues, in frame periods, above which the bit rate falls and below which it rises."""
LOSS_HIGH, LOSS_LOW = 0.10, 0.05
RISE = 1.06
BELOW, FASTEST_DRAIN = 0.9, 0.25
"""While frames queue, the bit rate is between these shares of the rate at which frames arrive."""
SILENT_FALL = 0.7
HOLD_PERIODS = 2
"""A fall takes effect after this many frames, and silence for this many frames means nothing yet."""
DELIVERED_WEIGHT = 0.3


def start(setup: RateSetup) -> RateState:
    """Return the state before the first frame."""
    config = setup.config
    if config.kind not in plugin_rate.BUILT_IN:
        return RateState(config.quality, plugin_state=plugin_rate.find(config.kind).start(setup))
    return RateState(quality=min(max(config.quality, config.quality_min), config.quality_max))


def on_encoded(
    setup: RateSetup, state: RateState, quality: float, size_bytes: int, *, typical: bool = True
) -> RateState:
    """Return the state after a frame was encoded at `quality` with `size_bytes`.

    A frame that is not typical (a key frame in a stream with predicted frames) counts towards the target, but the model does not
    learn from its size.
    """
    if setup.config.kind == "fixed":
        return state
    link_bytes = setup.link_bytes(size_bytes)
    model = state.model.learn(quality, link_bytes) if typical else state.model
    debt = state.debt_bytes
    if (target_bps := _target_bps(setup, state)) is not None:
        share = setup.frame_bytes(target_bps)
        over = min(max(link_bytes - share, -share / 2), share / 2)
        debt = min(max(debt + over, -2 * share), 2 * share)
    rate = state.rate_bps
    if rate is None and setup.config.kind != "allotted":
        rate = link_bytes * 8 * SECOND_NS / setup.period_ns
    return replace(state, model=model, measured=state.measured + 1, debt_bytes=debt, rate_bps=rate)


def on_feedback(setup: RateSetup, state: RateState, feedback: Iterable[Feedback]) -> RateState:
    """Return the state after feedback, oldest first. Adaptive and allotted streams use it; key frame requests are ignored."""
    if setup.config.kind == "allotted":
        for told in feedback:
            if told.allotted_bps is not None:
                state = replace(state, rate_bps=float(told.allotted_bps))
        return state
    if setup.config.kind == "adaptive":
        for report in feedback:
            if report.undecodable is None:
                state = _adapt(setup, state, report)
    return state


def on_target(state: RateState, target_bps: int | None) -> RateState:
    """Return the state with the bit rate that the stream's transport allows, if it says so."""
    return state if target_bps is None else replace(state, rate_bps=float(target_bps))


def choose_quality(setup: RateSetup, state: RateState) -> RateState:
    """Return the state with the quality of the next frame."""
    if setup.config.kind == "fixed" or state.measured == 0:
        return state
    if setup.config.kind in {"target", "allotted"}:
        target_bps = _target_bps(setup, state)
        if target_bps is None:  # fusion's first allotment is still on its way
            return state
        share = setup.frame_bytes(target_bps)
        frames_a_second = max(4.0, SECOND_NS / setup.period_ns)
        wanted = max(share - state.debt_bytes / frames_a_second, share / 3)
    else:
        assert state.rate_bps is not None, "the first measured frame sets it"
        wanted = setup.frame_bytes(state.rate_bps)
        if setup.config.congestion is not None:  # it allows a rate of bitstreams
            wanted = setup.link_bytes(int(wanted))
    quality = state.model.quality_for(wanted)
    step = FIRST_STEP if setup.config.kind == "allotted" and state.measured < FIRST_FRAMES else LARGEST_STEP
    quality = min(max(quality, state.quality - step), state.quality + step)
    return replace(state, quality=min(max(quality, setup.config.quality_min), setup.config.quality_max))


def _target_bps(setup: RateSetup, state: RateState) -> float | None:
    """Return the bit rate that is to be held on average; None if there is none, or none yet."""
    return state.rate_bps if setup.config.kind == "allotted" else setup.config.target_bps


def _adapt(setup: RateSetup, state: RateState, report: Feedback) -> RateState:
    """Adjust the bit rate after one report.

    While frames queue, the rate at which they arrive is the capacity of the link. The bit rate then drops below it, the further
    the longer the queue, so that the queue is empty after about a second. Then it rises by a few percent with each report.
    """
    if state.rate_bps is None:
        return state
    packets = report.packets_received + report.packets_lost
    if packets == 0:
        return _adapt_to_silence(setup, state, report.time_ns)
    loss = state.loss + min(1.0, packets * 0.03) * (report.packets_lost / packets - state.loss)
    state = replace(state, loss=loss, delivered_bps=_delivered(setup, state, report), last_report_ns=report.time_ns)
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
    """Adjust the bit rate after a report without packets: normal for a while, then the first sign of a long queue."""
    if state.last_report_ns is None:
        return replace(state, last_report_ns=now_ns)
    if now_ns < max(state.last_report_ns + HOLD_PERIODS * setup.period_ns, state.held_until_ns):
        return state
    held = replace(state, held_until_ns=now_ns + HOLD_PERIODS * setup.period_ns)
    return _bounded(setup, held, (state.rate_bps or 0.0) * SILENT_FALL)


def _delivered(setup: RateSetup, state: RateState, report: Feedback) -> float | None:
    """Return the smoothed rate at which whole frames arrive; None before the first one."""
    if report.frames == 0:
        return state.delivered_bps
    if state.delivered_bps is None or state.last_report_ns is None:
        return report.received_bytes * 8 * SECOND_NS / max(setup.period_ns, report.delay_ns)
    now = report.received_bytes * 8 * SECOND_NS / max(1, report.time_ns - state.last_report_ns)
    return state.delivered_bps + DELIVERED_WEIGHT * (now - state.delivered_bps)


def _bounded(setup: RateSetup, state: RateState, rate_bps: float) -> RateState:
    """Return the state with a bit rate that lies within the bounds of quality."""
    config = setup.config
    lowest, highest = (
        state.model.size_for(quality) * 8 * SECOND_NS / setup.period_ns
        for quality in (config.quality_min, config.quality_max)
    )
    return replace(state, rate_bps=min(max(rate_bps, lowest), highest))
