"""Conformance suite of rate controls: pure functions of their inputs, for any link and camera."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from simnet.nodes import plugin_rate, rate_control
from simnet.nodes.plugin_rate import SentFrame
from simnet.nodes.rate_state import RateSetup, RateState
from simnet.records import SECOND_NS, RateConfig
from simnet.records.grants import Feedback
from simnet.testing.require import require, run

PERIOD_NS = 100_000_000
FRAMES = 40


@dataclass(frozen=True)
class RateUnderTest:
    """A rate control by name, the object that an entry point names, or a `RateConfig` of simnet's own."""

    control: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    adapts: bool = False
    """Whether it must react to the receiver's reports."""

    def setup(self, period_ns: int = PERIOD_NS) -> RateSetup:
        """Return the stream that it controls."""
        if isinstance(self.control, RateConfig):
            config = self.control
        else:
            kind = self.control if isinstance(self.control, str) else "under_test"
            config = RateConfig(kind, options_json=json.dumps(dict(self.options)) if self.options else "")
        return RateSetup(config, period_ns, payload_bytes=1460, overhead_bytes=40)

    def start(self, setup: RateSetup) -> RateState:
        """Return the state before the first frame."""
        control = self._plugin
        return (
            rate_control.start(setup)
            if control is None
            else RateState(setup.config.quality, plugin_state=control.start(setup))
        )

    def step(
        self, setup: RateSetup, state: RateState, sent: Sequence[SentFrame], feedback: Sequence[Feedback]
    ) -> RateState:
        """Return the state with the next frame's quality in it."""
        control = self._plugin
        if control is not None:
            own, quality = control.step(setup, state.plugin_state, sent, feedback)
            return RateState(quality, plugin_state=own)
        for frame in sent:
            # simnet's own take a frame's size without the overhead of its packets, and add the overhead.
            size_bytes = frame.link_bytes - setup.overhead_bytes * -(
                -frame.link_bytes // (setup.payload_bytes + setup.overhead_bytes)
            )
            state = rate_control.on_encoded(setup, state, frame.quality, size_bytes, typical=frame.is_typical)
        return rate_control.choose_quality(setup, rate_control.on_feedback(setup, state, feedback))

    @cached_property
    def _plugin(self) -> plugin_rate.PluginRateControl | None:
        """The rate control of another package; None for simnet's own."""
        if isinstance(self.control, RateConfig):
            return None
        if isinstance(self.control, str):
            return plugin_rate.find(self.control)
        return plugin_rate.wrap(self.control, f"rate control {self.control!r:.60}")


@dataclass(frozen=True, slots=True)
class Situation:
    """Inputs of one step."""

    sent: tuple[SentFrame, ...]
    feedback: tuple[Feedback, ...]


def check_rate_control(control: Any, *, options: Mapping[str, Any] | None = None, adapts: bool = False) -> None:
    """Run the whole suite on a rate control; see `RateUnderTest` for the arguments.

    Raises:
        AssertionError: A check fails; the text states the expectation.
    """
    run(RATE_CHECKS, RateUnderTest(control, options or {}, adapts))


def report(number: int, *, queue_ns: int = 0, lost: int = 0, frames: int = 1) -> Feedback:
    """Receiver report for the period before frame `number`."""
    received = 3 * frames
    time_ns = number * PERIOD_NS
    return Feedback("a/eye", time_ns, frames, 1400 * received, received, lost, queue_ns, queue_ns + 20_000_000)


def sent(quality: float, scale: float = 400.0) -> SentFrame:
    """A frame whose size grows realistically with its quality: by a factor of e per third."""
    return SentFrame(quality, math.ceil(scale * math.exp(3 * quality)), is_typical=True)


SITUATIONS: dict[str, Callable[[int, float], Situation]] = {
    "a free link": lambda number, last: Situation((sent(last),), (report(number),)),
    "a link that is jammed for good": lambda number, last: Situation(
        (sent(last),), (report(number, queue_ns=3 * SECOND_NS),)
    ),
    "a link that loses every third packet": lambda number, last: Situation((sent(last),), (report(number, lost=1),)),
    "a receiver that never reports": lambda number, last: Situation((sent(last),), ()),
    "reports of nothing": lambda number, last: Situation((sent(last),), (report(number, frames=0),)),
    "reports that come ten at once": lambda number, last: Situation(
        (sent(last),), tuple(report(number - late) for late in range(9, -1, -1)) if number % 10 == 9 else ()
    ),
    "frames whose coding takes long": lambda number, last: Situation(
        (sent(last),) * 5 if number % 5 == 4 else (), (report(number),)
    ),
    "frames of a megabyte": lambda number, last: Situation((sent(last, 1e6),), (report(number),)),
    "frames of a few bytes": lambda number, last: Situation((sent(last, 20),), (report(number),)),
}
"""Inputs before each frame except the first, as a function of its number and the last frame's quality."""


def _drive(subject: RateUnderTest, situation: Callable[[int, float], Situation], frames: int = FRAMES) -> list[float]:
    """Return the qualities of a stream's frames."""
    setup = subject.setup()
    state = subject.start(setup)
    qualities: list[float] = []
    for number in range(frames):
        told = situation(number, qualities[-1]) if qualities else Situation((), ())
        state = subject.step(setup, state, told.sent, told.feedback)
        qualities.append(state.quality)
    return qualities


def quality_stays_in_bounds(subject: RateUnderTest) -> None:
    """The next frame's quality is always a number from 0 to 1."""
    for name, situation in SITUATIONS.items():
        try:
            qualities = _drive(subject, situation)
        except Exception as error:
            raise AssertionError(f"{name}: raises {type(error).__name__} ({error}); expected a quality") from error
        for number, quality in enumerate(qualities):
            text = f"{name}: frame {number} of quality {quality!r}; expected a number from 0 to 1"
            require(math.isfinite(quality) and 0 <= quality <= 1, text)


def the_same_history_gives_the_same_qualities(subject: RateUnderTest) -> None:
    """A stream's qualities depend only on its inputs, not on earlier streams."""
    for name, situation in SITUATIONS.items():
        first = _drive(subject, situation)
        _drive(subject, SITUATIONS["a link that is jammed for good"], 7)
        second = _drive(subject, situation)
        text = f"{name}: other qualities the second time; expected that nothing is kept but in the state"
        require(first == second, text)


def nothing_is_kept_but_in_the_state(subject: RateUnderTest) -> None:
    """Two interleaved streams do not affect each other, and a repeated step gives the same result."""
    setup = subject.setup()
    for name, situation in SITUATIONS.items():
        alone = _drive(subject, situation)
        state, other = subject.start(setup), subject.start(setup)
        for number in range(FRAMES):
            told = situation(number, alone[number - 1]) if number else Situation((), ())
            other = subject.step(setup, other, (sent(0.9),), (report(number, queue_ns=SECOND_NS, lost=2),))
            again = subject.step(setup, state, told.sent, told.feedback)
            state = subject.step(setup, state, told.sent, told.feedback)
            text = f"{name}: frame {number} of quality {state.quality:.4f} beside another stream and {alone[number]:.4f} alone"
            require(state.quality == again.quality == alone[number], f"{text}; expected the same")


def it_follows_the_link(subject: RateUnderTest) -> None:
    """An adaptive rate control lowers quality while frames queue, and raises it when the queue is empty."""
    if not subject.adapts:
        return

    def situation(number: int, last: float) -> Situation:
        return Situation((sent(last),), (report(number, queue_ns=SECOND_NS if 20 <= number < 30 else 0),))

    qualities = _drive(subject, situation, 80)
    before, jammed, after = qualities[19], qualities[29], qualities[79]
    text = (
        f"quality {before:.3f} before a queue, {jammed:.3f} at its end, {after:.3f} five seconds later; expected it to"
    )
    require(jammed < before, f"{text} fall")
    require(after > jammed, f"{text} rise again")


RATE_CHECKS: tuple[Callable[[RateUnderTest], None], ...] = (
    quality_stays_in_bounds,
    the_same_history_gives_the_same_qualities,
    nothing_is_kept_but_in_the_state,
    it_follows_the_link,
)
