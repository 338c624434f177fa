"""A camera: at a capture it codes its frame, at the quality that its rate control asks for, as a key frame where one is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.nodes import plugin_rate, rate_control
from simnet.nodes.plugin_rate import SentFrame
from simnet.nodes.rate_control import RateState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simnet.nodes.rate_control import RateSetup
    from simnet.records.grants import Capture


@dataclass(frozen=True, slots=True)
class CameraSetup:
    """What stays the same for a camera in a run."""

    rate: RateSetup
    encode_ns: int
    key_interval_ns: int | None = None


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """What the encoder made of a frame: the quality that it settled for, and whether the frame refers to no other."""

    data: bytes
    quality: float
    key: bool


@dataclass(frozen=True, slots=True)
class PendingEncode:
    """A frame whose coding is not over yet in virtual time."""

    done_ns: int
    quality: float
    size_bytes: int
    is_typical: bool
    """Not a key frame among frames that refer to others, which are much smaller."""


@dataclass(frozen=True, slots=True)
class CameraState:
    """Rate control, the frames that are being coded, and the newest key frame (None before the first)."""

    rate: RateState
    coding: tuple[PendingEncode, ...] = ()
    key_sequence: int | None = None
    key_ns: int = 0
    refers: bool = False
    """Whether any frame so far refers to another."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A camera's answer: frame `sequence` as `data`."""

    sequence: int
    quality: float
    data: bytes


def start(setup: CameraSetup) -> CameraState:
    """Return the state before the first capture."""
    return CameraState(rate_control.start(setup.rate))


def step(
    setup: CameraSetup, state: CameraState, grant: Capture, encode: Callable[[float, bool], EncodedFrame]
) -> tuple[CameraState, Coded]:
    """Return the next state and the coded frame; `encode(quality, key)` codes the frame of this capture.

    Rate control knows only sizes of frames whose coding is over, and feedback that has arrived, by the capture.
    """
    control, over_ns = state.rate, grant.time_ns
    if setup.rate.config.kind == "fixed":
        # No size changes anything: there is nothing to keep of what is being coded.
        made = encode(control.quality, key_is_due(setup, state, grant))
        return _after(state, grant, control, (), made), Coded(grant.sequence, control.quality, made.data)
    over = [frame for frame in state.coding if frame.done_ns <= over_ns]
    control = _controlled(setup.rate, control, over, grant)
    made = encode(control.quality, key_is_due(setup, state, grant))
    done_ns = grant.time_ns + setup.encode_ns
    own = PendingEncode(done_ns, made.quality, len(made.data), not (made.key and state.refers))
    coding = (*[frame for frame in state.coding if frame.done_ns > over_ns], own)
    return _after(state, grant, control, coding, made), Coded(grant.sequence, control.quality, made.data)


def _controlled(setup: RateSetup, control: RateState, over: Sequence[PendingEncode], grant: Capture) -> RateState:
    """Return the state of rate control with the next frame's quality in it, now that the coding of some frames is over."""
    if setup.config.kind not in plugin_rate.BUILT_IN:
        sent = [SentFrame(frame.quality, setup.link_bytes(frame.size_bytes), frame.is_typical) for frame in over]
        return plugin_rate.step(setup, control, sent, grant.feedback)
    for frame in over:
        control = rate_control.on_encoded(setup, control, frame.quality, frame.size_bytes, typical=frame.is_typical)
    return rate_control.choose_quality(setup, rate_control.on_feedback(setup, control, grant.feedback))


def _after(
    state: CameraState, grant: Capture, control: RateState, coding: tuple[PendingEncode, ...], made: EncodedFrame
) -> CameraState:
    if made.key:
        return CameraState(control, coding, grant.sequence, grant.time_ns, state.refers)
    return CameraState(control, coding, state.key_sequence, state.key_ns, refers=True)


def key_is_due(setup: CameraSetup, state: CameraState, grant: Capture) -> bool:
    """Return whether this frame has to be a key frame: the first, after the interval, or because fusion misses one.

    Fusion repeats its request until a key frame arrives; one that it could not know of yet answers the repetitions.
    """
    if state.key_sequence is None:
        return True
    if setup.key_interval_ns is not None and grant.time_ns - state.key_ns >= setup.key_interval_ns:
        return True
    if not grant.feedback:
        return False
    asked = [feedback.undecodable for feedback in grant.feedback if feedback.undecodable is not None]
    return any(undecodable >= state.key_sequence for undecodable in asked)
