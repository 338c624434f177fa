"""Selection of side pictures: which ones a waiting frame can use now, and until when waiting may bring a better one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.records.grants import SideChoice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.nodes.schedule import Schedule

PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class SideSource:
    """A camera that provides side pictures: its capture times and how long its pictures take to become available.

    `coding_ns` is encoding plus decoding, 0 for a sensor on the fusion node.
    """

    name: str
    schedule: Schedule
    coding_ns: int = 0
    decode_ns: int = 0

    @property
    def is_local(self) -> bool:
        """Whether a picture is available at the moment of its capture."""
        return self.coding_ns == 0


@dataclass(slots=True)
class FrameStatus:
    """State of a frame at fusion: `ready_ns` is None while it waits; `is_lost` if it will never have a picture.

    `has_own` if it was decoded with another picture of its stream. Then it serves no later frame of its stream: fused again and
    again, pictures drift (2 dB within 20 frames of a hovering drone), and so what fusion gets wrong adds up only once.
    """

    ready_ns: int | None = None
    is_lost: bool = False
    has_own: bool = False
    is_concealed: bool = False
    """Whether slices of it were filled from other pictures; then it is no side information: what is wrong in it would spread."""


FrameStatuses = dict[int, FrameStatus]
"""The frames of one stream by sequence."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Offer of one source: the best picture available now, and until when waiting may bring a nearer one."""

    best: SideChoice | None
    wait_until_ns: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """Search for side pictures on behalf of one frame: when it was captured and until when it may wait."""

    capture_ns: int
    until_ns: int
    max_age_ns: int
    oldest_ns: int = 0
    """Coded frames captured before this are forgotten."""
    lag_ns: int = 0
    """The wanted picture was captured this long before the frame; the maximum age counts from there."""
    before_sequence: int | None = None
    """For pictures of the frame's own stream: only frames before this sequence count."""


def find_candidates(source: SideSource, statuses: Mapping[int, FrameStatus], query: Query, now_ns: int) -> Candidates:
    """Return what `source` offers: the nearest frame in capture time, within the maximum age before or after.

    Both count from the frame's own capture less the lag; the age in the result counts from the capture itself. A frame that has
    not arrived is worth waiting for while it can still be ready in time, judged by the declared coding times.
    """
    waits_ns: list[int] = []
    for sequence in source.schedule.near(query.capture_ns - query.lag_ns, query.max_age_ns):
        if query.before_sequence is not None and sequence >= query.before_sequence:
            continue
        status = statuses.get(sequence)
        captured_ns = source.schedule.capture_ns(sequence)
        if status is not None and (
            status.is_lost or status.is_concealed or (status.has_own and query.before_sequence is not None)
        ):
            continue
        if status is None and captured_ns < query.oldest_ns and not source.is_local:
            continue
        ready_ns = captured_ns if source.is_local else status and status.ready_ns
        if ready_ns is None:
            latest_ns = query.until_ns - source.decode_ns  # decoding that begins later ends too late
            earliest_ns = captured_ns + source.coding_ns if status is None else 0
            if now_ns < latest_ns and earliest_ns <= query.until_ns:
                waits_ns.append(latest_ns)
        elif ready_ns <= now_ns:
            choice = SideChoice(source.name, sequence, abs(captured_ns - query.capture_ns))
            return Candidates(choice, min(waits_ns, default=None))
        elif ready_ns <= query.until_ns:
            waits_ns.append(ready_ns)
    return Candidates(None, min(waits_ns, default=None))
