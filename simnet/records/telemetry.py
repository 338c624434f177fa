"""Telemetry records of a run, for observers; they never influence the run. Times are virtual."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simnet.records import Outcome, Row, Scenario
from simnet.records.bounds import Count, FrameNumber, Name, Nanoseconds


@dataclass(frozen=True, slots=True)
class NodePath:
    """Positions of a node over a run, at equal time steps: (x, y) each; one point if it stands still."""

    node: str
    points_m: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LiveRun:
    """Constants of a run, sent repeatedly for observers that join late. `session` is new for every run."""

    session: str
    run: str
    scenario: Scenario
    paths_m: tuple[NodePath, ...]


@dataclass(frozen=True, slots=True)
class LinkLoad:
    """Load of one link during the last half second."""

    link: str
    load: float
    """Offered load divided by current capacity; above 1 a queue builds up or packets are dropped."""
    kbit_s: float
    """Offered load."""
    lost_packets: Count
    """Packets lost on the air or dropped by the queue."""
    up: bool
    """Whether the link is up: a packet sent now would arrive."""


@dataclass(frozen=True, slots=True)
class LiveSample:
    """Node positions and link loads at `time_ns`."""

    time_ns: Nanoseconds
    positions_m: tuple[tuple[str, float, float, float], ...]
    """Node name, x, y, z."""
    links: tuple[LinkLoad, ...]
    dropped: Count
    """Number of telemetry records dropped so far because they came faster than they could be sent."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A finished frame: its outcome is final."""

    row: Row


class EventKind(StrEnum):
    """Kind of a notable event: a closed set, since metrics have one series for each."""

    HAND_OVER = "hand-over"
    OUTAGE_BEGINS = "outage begins"
    OUTAGE_ENDS = "outage ends"
    FAULT = "fault"
    """The run goes on without a host."""
    FAILED = "failed"
    """The run failed."""
    LOSS = "loss"
    """A picture is there in time although packets were lost."""
    LATE = Outcome.LATE.value
    LOST = Outcome.LOST.value
    CORRUPT = Outcome.CORRUPT.value
    REFERENCE = Outcome.REFERENCE.value
    NODE_LOST = Outcome.NODE_LOST.value


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """A notable event; `where` is a node, a link, a stream or a host."""

    time_ns: Nanoseconds
    kind: EventKind
    where: Name
    what: Name


@dataclass(frozen=True, slots=True)
class LivePicture:
    """Header of a frame's pictures; two JPEG files follow: the original, then the decoded picture."""

    stream: Name
    sequence: FrameNumber
    capture_ns: Nanoseconds


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """End of the run; `error` is empty if it succeeded."""

    time_ns: Nanoseconds
    fingerprint: Name
    error: Name
