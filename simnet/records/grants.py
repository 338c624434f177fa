"""What a node is granted and what it answers: frozen records, times in virtual ns."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records import Outcome


@dataclass(frozen=True, slots=True)
class Feedback:
    """What fusion tells one camera about its stream since the last feedback."""

    stream: str
    time_ns: int
    frames: int
    """Whole frames that arrived."""
    received_bytes: int
    """Of whole frames, every packet's overhead on the first link included."""
    packets_received: int
    packets_lost: int
    queue_ns: int
    """The longest that any packet of a frame waited in queues."""
    delay_ns: int
    """The longest from the end of coding to the last packet's arrival."""
    undecodable: int | None = None
    """A request for a key frame instead of a report: the newest frame that has no picture for want of one."""

    @classmethod
    def request(cls, stream: str, time_ns: int, undecodable: int) -> Feedback:
        """A request for a key frame; it counts nothing."""
        return cls(stream, time_ns, 0, 0, 0, 0, 0, 0, undecodable)


@dataclass(frozen=True, slots=True)
class Capture:
    """Grant to a camera: capture frame `sequence` now; `feedback` is what has arrived since the last grant."""

    stream: str
    sequence: int
    time_ns: int
    feedback: tuple[Feedback, ...] = ()


@dataclass(frozen=True, slots=True)
class Coded:
    """A camera's answer to a capture: frame `sequence` as `data`."""

    sequence: int
    quality: float
    data: bytes
    key: bool
    """Whether the frame refers to no other."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Grant to fusion: all that will ever arrive of a frame is there, at `time_ns`. Incomplete ones have no data."""

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
    """One side picture for a decoding: frame `sequence` of `source` (a stream or a sensor of the fusion node)."""

    source: str
    sequence: int
    age_ns: int
    """How far its capture is from that of the frame that it serves."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a frame. `start_ns` and `ready_ns` are None where it is not decoded (lost, corrupt, reference lost)."""

    stream: str
    sequence: int
    outcome: Outcome
    start_ns: int | None = None
    ready_ns: int | None = None
    sides: tuple[SideChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Fusion's answer to a grant. It wants to be woken at `wake_ns`, later than now, whatever it asked for before."""

    decisions: tuple[Decision, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    wake_ns: int | None = None
