"""Telemetry records of a run, for observers; they never influence the run. Times are virtual."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records import Row, Scenario


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
    lost_packets: int
    """Packets lost on the air or dropped by the queue."""
    up: bool
    """Whether the link is up: a packet sent now would arrive."""


@dataclass(frozen=True, slots=True)
class LiveSample:
    """Node positions and link loads at `time_ns`."""

    time_ns: int
    positions_m: tuple[tuple[str, float, float, float], ...]
    """Node name, x, y, z."""
    links: tuple[LinkLoad, ...]
    dropped: int
    """Number of telemetry records dropped so far because they came faster than they could be sent."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A finished frame: its outcome is final."""

    row: Row


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """A notable event. `kind`: hand-over, outage begins, outage ends, fault; `where` is a node, a link or a stream."""

    time_ns: int
    kind: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class LivePicture:
    """Header of a frame's pictures; two JPEG files follow: the original, then the decoded picture."""

    stream: str
    sequence: int
    capture_ns: int


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """End of the run; `error` is empty if it succeeded."""

    time_ns: int
    fingerprint: str
    error: str
