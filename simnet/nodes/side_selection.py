"""Which side pictures a waiting frame could use now, and whether a better one is worth waiting for."""

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
    """Where side pictures come from: a camera's capture times, and how long its pictures take to be there.

    `coding_ns` is coding plus decoding, 0 for a sensor on the fusion node.
    """

    name: str
    schedule: Schedule
    coding_ns: int = 0
    decode_ns: int = 0

    @property
    def is_local(self) -> bool:
        """Whether its pictures are there the moment they are captured."""
        return self.coding_ns == 0


@dataclass(slots=True)
class FrameStatus:
    """What fusion knows of a frame that has arrived, or will not. `ready_ns` None while it waits; `gone` for good."""

    ready_ns: int | None = None
    gone: bool = False


FrameStatuses = dict[int, FrameStatus]
"""The frames of one stream by sequence."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What one source offers: the best picture there is now, and until when a nearer one is worth waiting for."""

    now: SideChoice | None
    hope_ns: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """A frame that looks for side pictures: its capture, and until when it may wait."""

    capture_ns: int
    until_ns: int
    max_age_ns: int
    oldest_ns: int = 0
    """Nothing is known, or kept, of coded frames captured before this."""
    lag_ns: int = 0
    """The picture nearest to this long before the capture is wanted, and the maximum age counts from there."""
    previous_only_before: int | None = None
    """For the stream's own pictures: only frames before this sequence count."""


def look(source: SideSource, fates: Mapping[int, FrameStatus], wanted: Query, now_ns: int) -> Candidates:
    """Return what `source` offers: frames nearest in capture time first, none older (or younger) than the maximum age.

    Both count from the frame's own capture less the lag; the age of what is chosen counts from the capture itself.
    A frame that has not arrived is hoped for while it could still be ready in time, going by the declared coding times.
    """
    hopes: list[int] = []
    for sequence in source.schedule.near(wanted.capture_ns - wanted.lag_ns, wanted.max_age_ns):
        if wanted.previous_only_before is not None and sequence >= wanted.previous_only_before:
            continue
        fate = fates.get(sequence)
        captured_ns = source.schedule.capture_ns(sequence)
        if fate is not None and fate.gone:
            continue
        if fate is None and captured_ns < wanted.oldest_ns and not source.is_local:
            continue
        ready_ns = captured_ns if source.is_local else fate and fate.ready_ns
        if ready_ns is None:
            latest_ns = wanted.until_ns - source.decode_ns  # decoding that begins later ends too late
            earliest_ns = captured_ns + source.coding_ns if fate is None else 0
            if now_ns < latest_ns and earliest_ns <= wanted.until_ns:
                hopes.append(latest_ns)
        elif ready_ns <= now_ns:
            choice = SideChoice(source.name, sequence, abs(captured_ns - wanted.capture_ns))
            return Candidates(choice, min(hopes, default=None))
        elif ready_ns <= wanted.until_ns:
            hopes.append(ready_ns)
    return Candidates(None, min(hopes, default=None))
