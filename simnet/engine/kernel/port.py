"""The port between the kernel and the nodes: whatever carries cameras and fusion, the kernel sees this alone.

    kernel ── capture(grant) ─────────▶ camera     at the capture; the result is due when coding ends in virtual time
    kernel ── deliver, wake ──────────▶ fusion     its plan, at once
    kernel ── decode(decision, data) ─▶ fusion     nothing comes back: pictures go to `Results`

Nodes are pure functions of what they were granted, so a run is the same through every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from simnet.errors import NodeError
from simnet.records import Announcement
from simnet.records.grants import Coded

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from simnet.records import Scenario
    from simnet.records.grants import Capture, Decision, Delivery, Plan
    from simnet.records.score import DecodedPicture, Score, ScoredPicture
    from simnet.records.view_truth import ViewTruth

Announcements = Mapping[str, Announcement]
"""The constants of each stream, by its name."""
Take = Callable[[], Coded | None]
"""Returns a frame that was granted; None if its node is lost."""


class Packets(NamedTuple):
    """Sizes of a stream's packets: payload, and overhead on the first link."""

    payload_bytes: int
    overhead_bytes: int


def wake_fault(wake_ns: object, now_ns: int, scenario: Scenario) -> str | None:
    """Return what is wrong with the time at which fusion asks to be woken, or None.

    It lies strictly after now, so that virtual time never stands still. Fusion waits for side information no longer than the
    scenario lets it, and has nothing else to do once captures have ended.
    """
    latest_ns = max(scenario.duration_ns, now_ns + scenario.fusion.wait_ns)
    # A boolean is an integer to Python, and no time.
    if type(wake_ns) is int and now_ns < wake_ns <= latest_ns:
        return None
    return (
        f"asks to be woken at {wake_ns!r:.40} ns; expected an integer after now ({now_ns} ns), at most {latest_ns} ns"
    )


def checked_wake(wake_ns: int, now_ns: int, scenario: Scenario) -> int:
    """Return when fusion asks to be woken.

    Raises:
        NodeError: It is no such time.
    """
    if (fault := wake_fault(wake_ns, now_ns, scenario)) is not None:
        raise NodeError(f"fusion at {scenario.fusion.node}: {fault}")
    return wake_ns


class Nodes(Protocol):
    """All cameras of a run, and fusion.

    Called in this order: `open`, `start`; `capture`, `deliver`, `wake` and `decode` in virtual order; `finish`.
    """

    def open(self, packets: Mapping[str, Packets]) -> Announcements:
        """Open every stream of `packets`, which tells each camera what its packets carry.

        Raises:
            SimnetError: A codec, a model or a host is not there.
        """
        ...

    def capture(self, grant: Capture) -> Take | None:
        """Grant a camera its capture; return what gives the coded frame, or None if the camera's node is lost.

        The kernel takes the frame at the end of its coding in virtual time. Only there may it have to wait in wall time.
        """
        ...

    def start(self) -> Plan:
        """Return fusion's plan before anything has happened: when to be woken first."""
        ...

    def deliver(self, delivery: Delivery) -> Plan:
        """Grant fusion a turn: all that ever arrives of a frame is there."""
        ...

    def wake(self, now_ns: int) -> Plan:
        """Grant fusion the turn that its last plan asked for."""
        ...

    def decode(self, decision: Decision, data: bytes) -> None:
        """Begin to decode a frame as fusion has decided; its picture and score reach the run's results later.

        The frames of a stream come in the order in which they are to be decoded, after the frames that they need.
        """
        ...

    def finish(self) -> None:
        """Wait until every picture has reached the results; a second call does nothing."""
        ...


class Results(Protocol):
    """Where nodes leave what is no answer to a grant: pictures, scores and faults."""

    @property
    def backlog(self) -> int:
        """How many pictures may have been handed over and not be scored yet."""
        ...

    @property
    def wants_pictures(self) -> bool:
        """Whether anybody looks at `show`."""
        ...

    def fault(self, host: str, reason: str, now_ns: int) -> None:
        """Note that the run continues without a host."""
        ...

    def decoded(self, picture: DecodedPicture) -> None:
        """Take in a picture to be scored; waits while too many are waiting."""
        ...

    def scored(self, stream: str, sequence: int, digest: str, score: Score | None) -> None:
        """Take in a picture whose score is known already."""
        ...

    def show(self, picture: ScoredPicture) -> None:
        """Show a picture that was scored by the nodes to the watchers."""
        ...


@dataclass(frozen=True, slots=True)
class Costs:
    """Time and memory of nodes outside of the kernel's thread, and the fate of their hosts."""

    seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    """By part of the work, summed over threads."""
    peak_bytes: int = 0
    """Memory of other processes."""
    returns: int = 0
    """How often a host came back after a crash."""
    lost: Mapping[str, str] = field(default_factory=dict[str, str])
    """Hosts that the run went on without, and why."""
    first_coded_s: float | None = None
    """When (`time.perf_counter`) the first coded frame was there, if it had to be waited for."""


class CarriedNodes(Nodes, Protocol):
    """Nodes, and what a session asks of whatever carries them."""

    @property
    def is_live(self) -> bool:
        """Whether what happens now happens for the first time, and not in a journal."""
        ...

    def wait(self, seconds: float) -> None:
        """Let wall time pass; returns at once if `seconds` is not positive."""
        ...

    def costs(self) -> Costs:
        """Return what the nodes took; called once, after `finish`."""
        ...


class NodeProvider(Protocol):
    """Carries a run's nodes while a context lasts."""

    @property
    def frame(self) -> Callable[[str, int], NDArray[np.uint8]] | None:
        """Returns what a camera sees at a time; None if the run has no pictures."""
        ...

    @property
    def truth(self) -> Callable[[str, int], ViewTruth | None] | None:
        """Returns what a rendered world knows of a camera's frame, None for other worlds; None if the run has no pictures."""
        ...

    @property
    def record_score(self) -> Callable[[str, int, str, Score | None], None] | None:
        """Takes each score that the session works out; None if the nodes score their pictures themselves."""
        ...

    def nodes(self, results: Results) -> AbstractContextManager[CarriedNodes]:
        """Carry the nodes until the context ends; what they decode goes to `results`."""
        ...
