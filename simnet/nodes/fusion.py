"""The fusion centre's planner: which frame is decoded when, and with which side pictures, in virtual time.

It never sees a pixel: decoding follows its plan elsewhere, so virtual time does not depend on how fast that goes.

    delivery ──▶ waiting ──(side pictures there, hopeless, or waited long enough)──▶ decided: ready at start + decode_ns
            └──▶ lost, corrupt, reference lost

Every stream has a decoder of its own, which decodes one frame after the other; where frames refer to others, in their order. A
stream that misses a reference is asked for a key frame at once, and again with every feedback period until one arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simnet.errors import BitstreamError
from simnet.nodes.feedback import Reception
from simnet.nodes.fusion_state import PlannerState, WaitingFrame
from simnet.nodes.references import Decodability, ReferenceChain
from simnet.nodes.side_selection import (
    PREVIOUS,
    FrameStatus,
    FrameStatuses,
    Query,
    SideSource,
    look,
)
from simnet.records import Outcome
from simnet.records.grants import (
    Decision,
    Feedback,
    Plan,
    SideChoice,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.nodes.fusion_setup import FusionSetup
    from simnet.records.grants import Delivery


@dataclass(slots=True)
class FusionPlanner:
    """Deliveries and wake-ups in, plans out.

    `verify(stream, data)` raises BitstreamError for a corrupt bitstream, and returns whether it is a key frame's.
    """

    setup: FusionSetup
    verify: Callable[[str, bytes], bool]
    _fates: dict[str, FrameStatuses] = field(init=False)
    _remembered: list[tuple[int, str, int]] = field(default_factory=list)
    """A heap of what fates are known: capture time, stream, sequence."""
    _chains: dict[str, ReferenceChain] = field(init=False)
    _missing: set[str] = field(default_factory=set)
    """Streams that miss a reference."""
    _receptions: dict[str, Reception] = field(init=False)
    _waiting: list[WaitingFrame] = field(default_factory=list)
    _decoder_free_ns: dict[str, int] = field(default_factory=dict)
    _next_feedback_ns: int | None = field(init=False)
    _memory_ns: int = field(init=False)
    _candidates: dict[str, tuple[tuple[str, int], ...]] = field(init=False)
    _looked_at: frozenset[str] = field(init=False)
    """Sources whose pictures serve any stream: what becomes of the others' frames nobody asks."""

    def __post_init__(self) -> None:
        streams = self.setup.streams
        self._memory_ns = self.setup.memory_ns
        self._candidates = {name: stream.candidates for name, stream in streams.items()}
        self._looked_at = frozenset(
            name if source == PREVIOUS else source for name, own in self._candidates.items() for source, _ in own
        )
        self._fates = {name: {} for name in self.setup.sources}
        self._chains = {name: ReferenceChain() for name in streams}
        self._receptions = {name: Reception(name) for name in streams if streams[name].rate.uses_feedback}
        self._next_feedback_ns = self._feedback_at_or_none(self.setup.config.feedback_period_ns)

    @property
    def state(self) -> PlannerState:
        """What this planner remembers; it shares its parts, so write it down before the next grant."""
        fates = [(stream, sequence, fate) for stream, own in self._fates.items() for sequence, fate in own.items()]
        return PlannerState(
            tuple(fates),
            tuple(self._chains.items()),
            tuple(self._receptions.values()),
            tuple(self._waiting),
            tuple(self._decoder_free_ns.items()),
            self._next_feedback_ns,
        )

    def restore(self, state: PlannerState) -> None:
        """Go on from another planner's state, which becomes this one's."""
        self._fates, self._remembered = {name: {} for name in self.setup.sources}, []
        for stream, sequence, fate in state.fates:
            self._remember(stream, sequence, fate)
        self._chains = dict(state.chains)
        for stream in self._chains:
            self._look_for_missing(stream)
        self._receptions = {reception.stream: reception for reception in state.receptions}
        # A frame that waits has one fate, which a decision changes where it is looked up.
        self._waiting = [
            replace(frame, fate=self._fates[frame.stream].get(frame.sequence, frame.fate)) for frame in state.waiting
        ]
        self._decoder_free_ns = dict(state.decoder_free_ns)
        self._next_feedback_ns = state.next_feedback_ns

    def start(self) -> Plan:
        """Return the plan before the first grant: when to be woken first."""
        return Plan(wake_ns=self._next_feedback_ns)

    def deliver(self, delivery: Delivery) -> Plan:
        """Take a delivery in at its time."""
        now_ns = delivery.time_ns
        decisions: list[Decision] = []
        self._forget(now_ns)
        stream = delivery.stream
        if stream in self._receptions:
            self._receptions[stream].add(delivery)
        key = self._key_flag(delivery)
        if key is None:
            outcome = Outcome.CORRUPT if delivery.complete else Outcome.LOST
            decisions.append(self._give_up(stream, delivery.sequence, outcome, now_ns))
        else:
            chain = self._chains[stream]
            chain.arrived(delivery.sequence, key=key)
            self._look_for_missing(stream)
            if self._waiting or chain.refers or self._candidates[stream]:
                self._await(delivery, key)
            else:
                # Nothing to wait for, and no other frame's hope hangs on this one.
                decisions.append(self._decide_at_once(delivery))
        return self._plan(now_ns, decisions)

    def wake(self, now_ns: int) -> Plan:
        """Do what is due at `now_ns`."""
        return self._plan(now_ns, [])

    def _key_flag(self, delivery: Delivery) -> bool | None:
        """Return whether a whole frame is a key frame; None if it is not whole."""
        if not delivery.complete:
            return None
        try:
            return self.verify(delivery.stream, delivery.data)
        except BitstreamError:
            return None

    def _give_up(self, stream: str, sequence: int, outcome: Outcome, now_ns: int) -> Decision:
        self._remember(stream, sequence, FrameStatus(gone=True))
        self._chains[stream].lost(sequence, now_ns)
        self._look_for_missing(stream)
        return Decision(stream, sequence, outcome)

    def _await(self, delivery: Delivery, key: bool) -> None:
        config = self.setup.config
        wanted = Query(
            capture_ns=self.setup.sources[delivery.stream].schedule.capture_ns(delivery.sequence),
            until_ns=delivery.time_ns + config.wait_ns,
            max_age_ns=config.max_age_ns,
            oldest_ns=delivery.time_ns - self._memory_ns,
        )
        fate = self._remember(delivery.stream, delivery.sequence, FrameStatus())
        self._waiting.append(WaitingFrame(delivery.stream, delivery.sequence, wanted, fate, key))

    def _decide_at_once(self, delivery: Delivery) -> Decision:
        fate = self._remember(delivery.stream, delivery.sequence, FrameStatus())
        capture_ns = self.setup.sources[delivery.stream].schedule.capture_ns(delivery.sequence)
        return self._decision(delivery.stream, delivery.sequence, capture_ns, fate, (), delivery.time_ns)

    def _plan(self, now_ns: int, decisions: list[Decision]) -> Plan:
        if not self._waiting and not self._missing and self._next_feedback_ns is None:
            return Plan(tuple(decisions))
        hopes: list[int] = []
        undecided = True
        # One decision can end another frame's hope, so look again until nothing changes.
        while undecided:
            undecided = False
            hopes.clear()
            for frame in list(self._waiting):
                turn = self._turn(frame)
                if turn is Decodability.NEVER:
                    self._waiting.remove(frame)
                    decisions.append(self._give_up(frame.stream, frame.sequence, Outcome.REFERENCE, now_ns))
                    undecided = True
                if turn is not Decodability.NOW:
                    continue
                sides, hope_ns = self._sides(frame, now_ns)
                if hope_ns is None:
                    decisions.append(self._decide(frame, sides, now_ns))
                    undecided = True
                else:
                    hopes.append(hope_ns)
        feedback = (*self._due_feedback(now_ns), *self._due_requests(now_ns))
        return Plan(tuple(decisions), feedback, min([*self._wakes(now_ns), *hopes], default=None))

    def _turn(self, frame: WaitingFrame) -> Decodability:
        """Return whether it is this frame's turn: where frames refer to others, none overtakes one that can be decoded."""
        chain = self._chains[frame.stream]
        turn = chain.turn(frame.sequence, key=frame.key)
        if turn is not Decodability.NOW or not chain.refers:
            return turn
        ahead = [other for other in self._waiting if other.stream == frame.stream and other.sequence < frame.sequence]
        blocked = any(chain.turn(other.sequence, key=other.key) is Decodability.NOW for other in ahead)
        return Decodability.LATER if blocked else Decodability.NOW

    def _sides(self, frame: WaitingFrame, now_ns: int) -> tuple[tuple[SideChoice, ...], int | None]:
        """Return the side pictures to use if decided now, and until when waiting may bring better ones.

        Candidates count in order of preference; one that comes after enough others have been found is not waited for.
        """
        found: list[SideChoice] = []
        hope_ns: int | None = None
        for name, lag_ns in self._candidates[frame.stream]:
            if len(found) == self.setup.config.pictures:
                break
            source, wanted = self._candidate(name, lag_ns, frame)
            offer = look(source, self._fates[source.name], wanted, now_ns)
            if offer.hope_ns is not None:
                hope_ns = offer.hope_ns if hope_ns is None else min(hope_ns, offer.hope_ns)
            if offer.now is not None:
                found.append(offer.now)
        return tuple(found), hope_ns

    def _candidate(self, name: str, lag_ns: int, frame: WaitingFrame) -> tuple[SideSource, Query]:
        if name != PREVIOUS:
            return self.setup.sources[name], replace(frame.wanted, lag_ns=lag_ns)
        own = frame.wanted
        return self.setup.sources[frame.stream], replace(own, previous_only_before=frame.sequence)

    def _decide(self, frame: WaitingFrame, sides: tuple[SideChoice, ...], now_ns: int) -> Decision:
        self._waiting.remove(frame)
        return self._decision(frame.stream, frame.sequence, frame.wanted.capture_ns, frame.fate, sides, now_ns)

    def _decision(
        self, name: str, sequence: int, capture_ns: int, fate: FrameStatus, sides: tuple[SideChoice, ...], now_ns: int
    ) -> Decision:
        stream = self.setup.streams[name]
        start_ns = max(now_ns, self._decoder_free_ns.get(name, 0))
        ready_ns = start_ns + stream.decode_ns
        self._decoder_free_ns[name] = ready_ns
        fate.ready_ns = ready_ns
        self._chains[name].decoded(sequence)
        outcome = Outcome.ALONE if stream.side_information and not sides else Outcome.DECODED
        if ready_ns - capture_ns > self.setup.config.deadline_ns:
            outcome = Outcome.LATE
        return Decision(name, sequence, outcome, start_ns, ready_ns, sides)

    def _look_for_missing(self, stream: str) -> None:
        if self._chains[stream].request_ns is None:
            self._missing.discard(stream)
        else:
            self._missing.add(stream)

    def _wakes(self, now_ns: int) -> list[int]:
        # A request can come due without having been made: requests end with the captures, and a stream whose first frame was
        # lost is known to miss a reference only once a frame that refers to another has arrived, which may be after that.
        requests = [self._chains[name].request_ns for name in self._missing]
        times = [time_ns for time_ns in requests if time_ns is not None and now_ns < time_ns < self.setup.end_ns]
        return times if self._next_feedback_ns is None else [*times, self._next_feedback_ns]

    def _due_requests(self, now_ns: int) -> list[Feedback]:
        """Return the requests for key frames that are due; with the captures they end."""
        if now_ns >= self.setup.end_ns or not self._missing:
            return []
        period_ns = self.setup.config.feedback_period_ns
        asked = {name: self._chains[name].request(now_ns, period_ns) for name in self._chains if name in self._missing}
        return [Feedback.request(name, now_ns, broken) for name, broken in asked.items() if broken is not None]

    def _due_feedback(self, now_ns: int) -> tuple[Feedback, ...]:
        if self._next_feedback_ns is None or now_ns < self._next_feedback_ns:
            return ()
        reports = tuple(reception.report(now_ns) for reception in self._receptions.values())
        self._next_feedback_ns = self._feedback_at_or_none(
            self._next_feedback_ns + self.setup.config.feedback_period_ns
        )
        return reports

    def _feedback_at_or_none(self, time_ns: int) -> int | None:
        return time_ns if self._receptions and time_ns < self.setup.end_ns else None

    def _forget(self, now_ns: int) -> None:
        oldest_ns = now_ns - self._memory_ns
        while self._remembered and self._remembered[0][0] < oldest_ns:
            _, stream, sequence = heappop(self._remembered)
            self._fates[stream].pop(sequence, None)

    def _remember(self, stream: str, sequence: int, fate: FrameStatus) -> FrameStatus:
        if stream not in self._looked_at:
            return fate
        if sequence not in self._fates[stream]:
            captured_ns = self.setup.sources[stream].schedule.capture_ns(sequence)
            heappush(self._remembered, (captured_ns, stream, sequence))
        self._fates[stream][sequence] = fate
        return fate
