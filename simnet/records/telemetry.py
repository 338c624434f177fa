"""What a run tells those who watch it (telemetry): beside the run, never part of it. Times are virtual."""

from __future__ import annotations

from dataclasses import dataclass

from simnet.records import Row, Scenario


@dataclass(frozen=True, slots=True)
class NodePath:
    """Where a node is from a run's start to its end, at equal steps of time: (x, y) each; one point where it stands still."""

    node: str
    points_m: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What stays the same in a run; told again and again, for those who come late. `session` is new for every run."""

    session: str
    run: str
    scenario: Scenario
    paths_m: tuple[NodePath, ...]


@dataclass(frozen=True, slots=True)
class LinkLoad:
    """One link during the last half second."""

    link: str
    load: float
    """What was offered to it over what it can send now; above 1 a queue builds up or packets are dropped."""
    kbit_s: float
    """What was offered to it."""
    lost_packets: int
    """Lost on the air or dropped by the queue."""
    up: bool
    """Whether anything that starts now would arrive."""


@dataclass(frozen=True, slots=True)
class LiveSample:
    """Where nodes are and what links carry at `time_ns`."""

    time_ns: int
    positions_m: tuple[tuple[str, float, float, float], ...]
    """Node, x, y, z."""
    links: tuple[LinkLoad, ...]
    dropped: int
    """How much telemetry was dropped so far because it came faster than it could be sent."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A frame whose story is complete."""

    row: Row


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something to be noticed. `kind`: hand-over, outage begins, outage ends, fault; `where` is a node, a link or a stream."""

    time_ns: int
    kind: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A frame's pictures follow as two JPEG files: the original, then what was decoded."""

    stream: str
    sequence: int
    capture_ns: int


@dataclass(frozen=True, slots=True)
class LiveEnd:
    """The run is over; `error` is empty where it went well."""

    time_ns: int
    fingerprint: str
    error: str
