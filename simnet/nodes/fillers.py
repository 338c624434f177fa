"""Choice of the pictures from which fusion fills missing slices: the stream's own last ones, and other cameras'.

A picture that was concealed itself may be the last one of its stream: it is what there is. It serves nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet import sliced_frames
from simnet.nodes.side_selection import PREVIOUS, find_candidates
from simnet.records import Outcome
from simnet.records.grants import SideChoice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.nodes.fusion_setup import FusionSetup
    from simnet.nodes.fusion_state import WaitingFrame
    from simnet.nodes.side_selection import FrameStatuses
    from simnet.records.grants import Decision, Delivery

OWN = {"none": 1, "previous": 2, "side": 2}
"""Pictures of the stream itself: one to leave standing, two to see motion."""
OTHERS = 2
"""Most pictures of other cameras."""


def missing_slices(setup: FusionSetup, delivery: Delivery) -> int:
    """Return how many slices are missing of a frame that came in part; 0 of a whole frame, and of one that is not sliced."""
    is_partial = not delivery.complete and setup.streams[delivery.stream].slices > 1
    return sliced_frames.missing(delivery.data) if is_partial and delivery.data else 0


def is_decodable(setup: FusionSetup, delivery: Delivery) -> bool:
    """Return whether a picture is made of what arrived: the whole frame, some of its slices, or none if these are predicted."""
    stream = setup.streams[delivery.stream]
    if delivery.complete or stream.slices == 1 or not delivery.data:
        return delivery.complete
    return stream.conceals or missing_slices(setup, delivery) < stream.slices


def wait_until_ns(setup: FusionSetup, delivery: Delivery, capture_ns: int) -> int:
    """Return until when a frame of which slices are missing waits for side pictures: they may not make its picture late."""
    in_time_ns = capture_ns + setup.config.deadline_ns - setup.streams[delivery.stream].decode_ns
    return min(delivery.time_ns + setup.config.wait_ns, in_time_ns)


def concealed(
    setup: FusionSetup,
    statuses: Mapping[str, FrameStatuses],
    frame: WaitingFrame,
    decision: Decision,
    now_ns: int,
) -> Decision:
    """Return the decision on a frame of which slices are missing, with what they are filled from."""
    stream = setup.streams[frame.stream]
    outcome = decision.outcome if decision.outcome is Outcome.LATE else Outcome.CONCEALED
    own = _own(setup, statuses[frame.stream], frame, OWN[stream.concealment])
    others = _others(setup, statuses, frame, now_ns) if stream.concealment == "side" else ()
    share = frame.missing / stream.slices
    return replace(decision, outcome=outcome, fillers=(*own, *others), concealed=share)


def _own(setup: FusionSetup, statuses: FrameStatuses, frame: WaitingFrame, most: int) -> tuple[SideChoice, ...]:
    """Return the stream's pictures before this frame that are decided, newest first: its decoder makes them before this one."""
    known = [
        sequence for sequence, status in statuses.items() if sequence < frame.sequence and status.ready_ns is not None
    ]
    schedule = setup.sources[frame.stream].schedule
    return tuple(
        SideChoice(frame.stream, sequence, frame.query.capture_ns - schedule.capture_ns(sequence))
        for sequence in sorted(known, reverse=True)[:most]
    )


def _others(
    setup: FusionSetup, statuses: Mapping[str, FrameStatuses], frame: WaitingFrame, now_ns: int
) -> tuple[SideChoice, ...]:
    """Return the nearest picture that is ready of each other camera, in the stream's order of preference."""
    found: list[SideChoice] = []
    for name, lag_ns in setup.streams[frame.stream].candidates:
        if name != PREVIOUS and len(found) < OTHERS:
            source, query = setup.sources[name], replace(frame.query, lag_ns=lag_ns)
            if (best := find_candidates(source, statuses[name], query, now_ns).best) is not None:
                found.append(best)
    return tuple(found)
