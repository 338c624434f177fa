"""A camera node: at each capture it chooses a quality, encodes the frame and decides whether it is a key frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.nodes import plugin_rate, rate_control
from simnet.nodes.plugin_rate import SentFrame
from simnet.nodes.rate_state import RateState
from simnet.records.grants import Coded
from simnet.sliced_frames import sent_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simnet.nodes.rate_state import RateSetup
    from simnet.records.grants import Capture


@dataclass(frozen=True, slots=True)
class CameraSetup:
    """Constants of a camera during a run."""

    rate: RateSetup
    encode_ns: int
    key_interval_ns: int | None = None


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """Output of the encoder: the bitstream, the quality that it used, and whether the frame is a key frame."""

    data: bytes
    quality: float
    key: bool


@dataclass(frozen=True, slots=True)
class PendingEncode:
    """A frame whose encoding has not ended yet in virtual time."""

    done_ns: int
    quality: float
    size_bytes: int
    is_typical: bool
    """False for a key frame in a stream with predicted frames, which are much smaller."""


@dataclass(frozen=True, slots=True)
class CameraState:
    """State of rate control, frames being encoded, and the newest key frame (None before the first)."""

    rate: RateState
    pending: tuple[PendingEncode, ...] = ()
    key_sequence: int | None = None
    key_ns: int = 0
    has_references: bool = False
    """Whether any frame so far refers to another one."""


def start(setup: CameraSetup) -> CameraState:
    """Return the state before the first capture."""
    return CameraState(rate_control.start(setup.rate))


def step(
    setup: CameraSetup, state: CameraState, grant: Capture, encode: Callable[[float, bool], EncodedFrame]
) -> tuple[CameraState, Coded]:
    """Return the next state and the coded frame; `encode(quality, key)` encodes the frame of this capture.

    Rate control knows the sizes of those frames only whose encoding has ended by the capture, and the feedback that has arrived
    by then.
    """
    control, now_ns = state.rate, grant.time_ns
    if setup.rate.config.kind == "fixed":
        # Sizes change nothing here, so pending frames need not be tracked.
        encoded = encode(control.quality, key_is_due(setup, state, grant))
        return _next_state(state, grant, control, (), encoded), _coded(grant, control, encoded)
    finished = [frame for frame in state.pending if frame.done_ns <= now_ns]
    control = _controlled(setup.rate, control, finished, grant)
    encoded = encode(control.quality, key_is_due(setup, state, grant))
    done_ns = now_ns + setup.encode_ns
    is_typical = not (encoded.key and state.has_references)
    own = PendingEncode(done_ns, encoded.quality, sent_bytes(len(encoded.data), setup.rate.slices), is_typical)
    pending = (*[frame for frame in state.pending if frame.done_ns > now_ns], own)
    return _next_state(state, grant, control, pending, encoded), _coded(grant, control, encoded)


def _coded(grant: Capture, control: RateState, encoded: EncodedFrame) -> Coded:
    return Coded(grant.sequence, control.quality, encoded.data, encoded.key)


def _controlled(setup: RateSetup, control: RateState, finished: Sequence[PendingEncode], grant: Capture) -> RateState:
    """Return the state of rate control with the quality of the next frame, after `finished` frames and feedback."""
    if setup.config.kind not in plugin_rate.BUILT_IN:
        sent = [SentFrame(frame.quality, setup.link_bytes(frame.size_bytes), frame.is_typical) for frame in finished]
        return plugin_rate.step(setup, control, sent, grant.feedback)
    for frame in finished:
        control = rate_control.on_encoded(setup, control, frame.quality, frame.size_bytes, typical=frame.is_typical)
    control = rate_control.on_target(rate_control.on_feedback(setup, control, grant.feedback), grant.target_bps)
    return rate_control.choose_quality(setup, control)


def _next_state(
    state: CameraState,
    grant: Capture,
    control: RateState,
    pending: tuple[PendingEncode, ...],
    encoded: EncodedFrame,
) -> CameraState:
    if encoded.key:
        return CameraState(control, pending, grant.sequence, grant.time_ns, state.has_references)
    return CameraState(control, pending, state.key_sequence, state.key_ns, has_references=True)


def key_is_due(setup: CameraSetup, state: CameraState, grant: Capture) -> bool:
    """Return whether this frame must be a key frame: the first one, after the interval, or on request of fusion.

    Fusion repeats its request until a key frame arrives. A key frame that is newer than the undecodable frame of a request
    answers it, although fusion could not know of that key frame yet.
    """
    if state.key_sequence is None:
        return True
    if setup.key_interval_ns is not None and grant.time_ns - state.key_ns >= setup.key_interval_ns:
        return True
    if not grant.feedback:
        return False
    requested = [feedback.undecodable for feedback in grant.feedback if feedback.undecodable is not None]
    return any(undecodable >= state.key_sequence for undecodable in requested)
