"""The conformance suite of rate controls passes what is right; each check fails on what is wrong in just that."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from simnet import testing
from simnet.records import RateConfig
from support.spoilt_subjects import each_fails


class Halving:
    """Halves quality when frames queue."""

    def start(self, stream: Any) -> Any:
        return stream.config.options.get("start", 0.8)

    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        for report in feedback:
            state = state / 2 if report.queue_ns > stream.period_ns / 2 else min(1.0, state + 0.02)
        return state, state


class Unbounded(Halving):
    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        state += 0.02 * len(feedback)
        return state, state


class Tiring(Halving):
    steps = 0

    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        self.steps += 1
        return state, state / (1 + self.steps)


class Hiding(Halving):
    def start(self, stream: Any) -> Any:
        self.hidden = 0.8
        return None

    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        self.hidden, quality = super().step(stream, self.hidden, sent, feedback)
        return None, quality


class Deaf(Halving):
    def step(self, stream: Any, state: Any, sent: Any, feedback: Any) -> Any:
        return state, state


BAD_RATES = {
    "quality_stays_in_bounds": Unbounded,
    "the_same_history_gives_the_same_qualities": Tiring,
    "nothing_is_kept_but_in_the_state": Hiding,
    "it_follows_the_link": Deaf,
}
OWN_RATES = [
    (RateConfig(quality=0.3), False),
    (RateConfig("target", target_bps=2e5), False),
    (RateConfig("adaptive", quality=0.5, quality_min=0.1, quality_max=0.9), True),
]


@pytest.mark.parametrize(("control", "adapts"), [(Halving, True), (Halving(), True), (Deaf, False), *OWN_RATES])
@pytest.mark.parametrize("check", testing.RATE_CHECKS)
def test_good_rate_controls_pass(check: Callable[..., None], control: Any, adapts: bool) -> None:
    check(testing.RateUnderTest(control, adapts=adapts))


def test_every_rate_check_detects_its_fault() -> None:
    each_fails(testing.RATE_CHECKS, BAD_RATES, partial(testing.check_rate_control, adapts=True))
