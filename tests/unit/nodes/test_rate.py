"""Rate control against cameras and links of known laws."""

import math
from dataclasses import replace

import numpy as np
import pytest

from simnet.nodes import camera, rate_control
from simnet.nodes.camera import CameraSetup, CameraState, EncodedFrame
from simnet.nodes.rate_state import RateSetup
from simnet.records import SECOND_NS, RateConfig
from simnet.records.grants import Capture, Feedback

PERIOD = 100_000_000


def _setup(config: RateConfig, encode_ns: int = 15_000_000) -> CameraSetup:
    return CameraSetup(RateSetup(config, PERIOD, payload_bytes=1460, overhead_bytes=40), encode_ns)


def _run(
    setup: CameraSetup, frames: int, slope: float, scale: float, noise: float = 0.0
) -> tuple[list[int], list[float]]:
    """Drive a camera whose frames take scale * exp(slope * quality) bytes; return link bytes and qualities."""
    draw = np.random.default_rng(1)
    state = camera.start(setup)
    sizes, qualities = [], []
    for sequence in range(frames):
        factor = math.exp(draw.normal(0, noise)) if noise else 1.0

        def encode(quality: float, key: bool, factor: float = factor) -> EncodedFrame:
            return EncodedFrame(bytes(round(scale * factor * math.exp(slope * quality))), quality, key)

        state, coded = camera.step(setup, state, Capture("a", sequence, sequence * PERIOD), encode)
        sizes.append(setup.rate.link_bytes(len(coded.data)))
        qualities.append(coded.quality)
    return sizes, qualities


def test_fixed_quality_never_changes() -> None:
    _, qualities = _run(_setup(RateConfig(quality=0.3)), 5, 3, 500)
    assert qualities == [0.3] * 5


@pytest.mark.parametrize("slope", [1.5, 3.0, 5.0])
@pytest.mark.parametrize("scale", [150, 600, 1200])
@pytest.mark.parametrize("encode_ns", [15_000_000, 150_000_000])
def test_target_rate_is_met_after_a_second(slope: float, scale: float, encode_ns: int) -> None:
    target = 8 * 10 * scale * math.exp(slope * 0.6)
    setup = _setup(RateConfig("target", target_bps=target), encode_ns)
    sizes, _ = _run(setup, 60, slope, scale, noise=0.05)
    assert sum(sizes[10:]) * 8 / 5 == pytest.approx(target, rel=0.05)
    assert sum(sizes[20:]) * 8 / 4 == pytest.approx(target, rel=0.03)


def test_unreachable_target_stays_at_the_bound() -> None:
    setup = _setup(RateConfig("target", target_bps=1e9, quality_max=0.9))
    _, qualities = _run(setup, 20, 3, 500)
    assert qualities[-1] == 0.9


def _adaptive(capacity_bps: list[float], config: RateConfig | None = None) -> list[tuple[float, float]]:
    """A camera on a link with one frame a period; return (bit rate, quality) of each frame.

    The link serves frames in order at its capacity of that moment; feedback tells each frame's wait 20 ms after it arrives.
    """
    setup = _setup(config or RateConfig("adaptive", quality=0.5))
    state: CameraState = camera.start(setup)
    free_ns, history, on_the_way = 0, [], []
    for sequence, capacity in enumerate(capacity_bps):
        now = sequence * PERIOD
        arrived = tuple(feedback for at_ns, feedback in on_the_way if at_ns <= now)
        on_the_way = [item for item in on_the_way if item[0] > now]
        grant = Capture("a", sequence, now, arrived)
        state, coded = camera.step(
            setup, state, grant, lambda q, key: EncodedFrame(bytes(round(400 * math.exp(3 * q))), q, key)
        )
        size = setup.rate.link_bytes(len(coded.data))
        sent = now + setup.encode_ns
        service = round(size * 8 * SECOND_NS / capacity)
        free_ns = max(free_ns, sent) + service
        wait = free_ns - sent - service // max(1, size // 1500)
        at_ns = free_ns + 20_000_000
        packets = -(-size // 1500)
        on_the_way.append((at_ns, Feedback("a", at_ns, 1, size, packets, 0, max(0, wait), free_ns - sent)))
        history.append((size * 8 * SECOND_NS / PERIOD, coded.quality))
    return history


def test_growing_queue_lowers_quality_within_a_second() -> None:
    history = _adaptive([2e6] * 30 + [150e3] * 30)
    before, after = history[29][1], history[39][1]
    assert after < before - 0.1


def test_idle_link_raises_quality() -> None:
    history = _adaptive([150e3] * 30 + [5e6] * 40)
    assert history[39][1] > history[29][1] + 0.05
    assert history[-1][1] == pytest.approx(1.0)


def test_adaptive_rate_settles_just_below_capacity() -> None:
    history = _adaptive([300e3] * 100)
    rates = [bps for bps, _ in history[30:]]
    assert 0.5 * 300e3 < sum(rates) / len(rates) < 300e3


def test_adaptive_quality_stays_within_bounds() -> None:
    config = RateConfig("adaptive", quality=0.5, quality_min=0.4, quality_max=0.6)
    qualities = [quality for _, quality in _adaptive([60e3] * 10 + [5e6] * 60, config)]
    assert min(qualities) == 0.4
    assert qualities[-1] == 0.6


def test_heavy_loss_lowers_the_rate_and_light_loss_does_not() -> None:
    setup = _setup(RateConfig("adaptive")).rate
    state = rate_control.on_encoded(setup, rate_control.start(setup), 0.5, 4000)

    def after(lost: int) -> float:
        reports = [Feedback("a", t * PERIOD, 1, 4000, 100 - lost, lost, 0, 0) for t in range(1, 20)]
        return rate_control.on_feedback(setup, state, reports).rate_bps or 0

    assert after(30) < (state.rate_bps or 0) < after(1)


def test_feedback_is_for_adaptive_streams_only() -> None:
    setup = replace(_setup(RateConfig("target", target_bps=1e5)).rate)
    state = rate_control.start(setup)
    assert rate_control.on_feedback(setup, state, [Feedback("a", 0, 0, 0, 0, 9, PERIOD * 9, 0)]) == state


def test_equal_grants_give_equal_answers() -> None:
    assert _adaptive([300e3] * 40) == _adaptive([300e3] * 40)
