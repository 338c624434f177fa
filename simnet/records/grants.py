"""Grants to nodes, and their answers: frozen records, times in virtual ns."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records import Outcome


@dataclass(frozen=True, slots=True)
class Feedback:
    """Fusion's report to one camera about its stream since the last feedback."""

    stream: str
    time_ns: int
    frames: int
    """Number of complete frames that arrived."""
    received_bytes: int
    """Bytes of complete frames, including every packet's overhead on the first link."""
    packets_received: int
    packets_lost: int
    queue_ns: int
    """Longest queueing time of any packet of a frame."""
    delay_ns: int
    """Longest delay from the end of encoding to the last packet's arrival."""
    undecodable: int | None = None
    """Key-frame request instead of a report: the newest frame that cannot be decoded without a key frame."""

    @classmethod
    def request(cls, stream: str, time_ns: int, undecodable: int) -> Feedback:
        """Return a key-frame request; its counters are zero."""
        return cls(stream, time_ns, 0, 0, 0, 0, 0, 0, undecodable)


@dataclass(frozen=True, slots=True)
class Capture:
    """Grant to a camera: capture frame `sequence` now; `feedback` arrived since the last grant."""

    stream: str
    sequence: int
    time_ns: int
    feedback: tuple[Feedback, ...] = ()


@dataclass(frozen=True, slots=True)
class Coded:
    """A camera's answer to a capture: frame `sequence`, encoded as `data`."""

    sequence: int
    quality: float
    data: bytes
    key: bool
    """Whether the frame refers to no other frame."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Grant to fusion: a frame has arrived as far as it ever will, at `time_ns`. An incomplete frame has no data."""

    stream: str
    sequence: int
    time_ns: int
    sent_ns: int
    complete: bool
    link_bytes: int
    packets_sent: int
    packets_lost: int
    queue_ns: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class SideChoice:
    """One side picture used for decoding: frame `sequence` of `source` (a stream or a sensor of the fusion node)."""

    source: str
    sequence: int
    age_ns: int
    """Difference between its capture time and that of the decoded frame."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Outcome of a frame. `start_ns` and `ready_ns` are None if it is not decoded (lost, corrupt, reference lost)."""

    stream: str
    sequence: int
    outcome: Outcome
    start_ns: int | None = None
    ready_ns: int | None = None
    sides: tuple[SideChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Fusion's answer to a grant. `wake_ns`, later than now, is the next wake-up time and replaces any earlier one."""

    decisions: tuple[Decision, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    wake_ns: int | None = None
