"""Grants to nodes, and their answers: frozen records, times in virtual ns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from simnet.records import Outcome
from simnet.records.bounds import Count, FrameNumber, Name, Nanoseconds, Share

Feedbacks = Annotated["tuple[Feedback, ...]", Meta(max_length=100_000)]


@dataclass(frozen=True, slots=True)
class Feedback:
    """Fusion's report to one camera about its stream since the last feedback."""

    stream: Name
    time_ns: Nanoseconds
    frames: Count
    """Number of complete frames that arrived."""
    received_bytes: Count
    """Bytes of complete frames, including every packet's overhead on the first link."""
    packets_received: Count
    packets_lost: Count
    queue_ns: Nanoseconds
    """Longest queueing time of any packet of a frame."""
    delay_ns: Nanoseconds
    """Longest delay from the end of encoding to the last packet's arrival."""
    undecodable: FrameNumber | None = None
    """Key-frame request instead of a report: the newest frame that cannot be decoded without a key frame."""
    allotted_bps: Count | None = None
    """Allotment instead of a report: the bit rate that fusion allots to the stream, headers of packets included."""

    @classmethod
    def request(cls, stream: str, time_ns: int, undecodable: int) -> Feedback:
        """Return a key-frame request; its counters are zero."""
        return cls(stream, time_ns, 0, 0, 0, 0, 0, 0, undecodable)

    @classmethod
    def allotment(cls, stream: str, time_ns: int, allotted_bps: int) -> Feedback:
        """Return an allotment; its counters are zero."""
        return cls(stream, time_ns, 0, 0, 0, 0, 0, 0, None, allotted_bps)


@dataclass(frozen=True, slots=True)
class Capture:
    """Grant to a camera: capture frame `sequence` now; `feedback` arrived since the last grant."""

    stream: Name
    sequence: FrameNumber
    time_ns: Nanoseconds
    feedback: Feedbacks = ()
    target_bps: Count | None = None
    """Bit rate that the stream's congestion control allows now, without the headers of packets."""


@dataclass(frozen=True, slots=True)
class Coded:
    """A camera's answer to a capture: frame `sequence`, encoded as `data`."""

    sequence: FrameNumber
    quality: Share
    data: bytes
    key: bool
    """Whether the frame refers to no other frame."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Grant to fusion: a frame has arrived as far as it ever will, at `time_ns`.

    An incomplete frame has no data, unless it is sliced: then it has the slices that arrived (`sliced_frames`), or none of them.
    """

    stream: Name
    sequence: FrameNumber
    time_ns: Nanoseconds
    sent_ns: Nanoseconds
    complete: bool
    link_bytes: Count
    packets_sent: Count
    packets_lost: Count
    queue_ns: Nanoseconds
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class SideChoice:
    """One side picture used for decoding: frame `sequence` of `source` (a stream or a sensor of the fusion node)."""

    source: Name
    sequence: FrameNumber
    age_ns: Nanoseconds
    """Difference between its capture time and that of the decoded frame."""


@dataclass(frozen=True, slots=True)
class SideChange:
    """What side information changed in a picture: the sum of squared differences to the same frame decoded without it."""

    stream: Name
    sequence: FrameNumber
    squared: Count


@dataclass(frozen=True, slots=True)
class Decision:
    """Outcome of a frame. `start_ns` and `ready_ns` are None if it is not decoded (lost, corrupt, reference lost)."""

    stream: Name
    sequence: FrameNumber
    outcome: Outcome
    start_ns: Nanoseconds | None = None
    ready_ns: Nanoseconds | None = None
    sides: Annotated[tuple[SideChoice, ...], Meta(max_length=1000)] = ()
    fillers: Annotated[tuple[SideChoice, ...], Meta(max_length=1000)] = ()
    """Pictures from which missing slices are filled: those of the stream itself, newest first, then others."""
    concealed: Share = 0.0
    """Share of the frame's slices that are missing and filled."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Fusion's answer to a grant. `wake_ns`, later than now, is the next wake-up time and replaces any earlier one."""

    decisions: Annotated[tuple[Decision, ...], Meta(max_length=100_000)] = ()
    feedback: Feedbacks = ()
    wake_ns: Nanoseconds | None = None
