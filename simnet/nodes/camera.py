"""A camera: at a capture it codes its frame, at the quality that its rate control asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simnet.nodes import rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.nodes.grants import Capture
    from simnet.nodes.rate import RateSetup, RateState


@dataclass(frozen=True, slots=True)
class CameraSetup:
    """What stays the same for a camera in a run."""

    rate: RateSetup
    encode_ns: int


@dataclass(frozen=True, slots=True)
class CameraState:
    """Rate control, and the frames whose coding is not over yet in virtual time: (done at, quality, bytes)."""

    rate: RateState
    coding: tuple[tuple[int, float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Coded:
    """A camera's answer: frame `sequence` as `data`."""

    sequence: int
    quality: float
    data: bytes


def start(setup: CameraSetup) -> CameraState:
    """Return the state before the first capture."""
    return CameraState(rate.start(setup.rate))


def step(
    setup: CameraSetup, state: CameraState, grant: Capture, encode: Callable[[float], bytes]
) -> tuple[CameraState, Coded]:
    """Return the next state and the coded frame; `encode(quality)` codes the frame of this capture.

    Rate control knows only sizes of frames whose coding is over, and feedback that has arrived, by the capture.
    """
    control = state.rate
    for done_ns, quality, size_bytes in state.coding:
        if done_ns <= grant.time_ns:
            control = rate.measured(setup.rate, control, quality, size_bytes)
    control = rate.choose(setup.rate, rate.heard(setup.rate, control, grant.feedback))
    data = encode(control.quality)
    still = [frame for frame in state.coding if frame[0] > grant.time_ns]
    done = (grant.time_ns + setup.encode_ns, control.quality, len(data))
    next_state = replace(state, rate=control, coding=(*still, done))
    return next_state, Coded(grant.sequence, control.quality, data)
