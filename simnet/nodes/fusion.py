"""The planner of the fusion centre: which frame is decoded when and with which side pictures, in virtual time.

It handles no pixels: frames are decoded elsewhere, as its plans say, so virtual time does not depend on how fast that goes.

    delivery ──▶ waiting ──(side pictures ready, none left to wait for, or wait over)──▶ decided: ready at start + decode_ns
            └──▶ lost, corrupt, reference lost        a sliced frame that came in part, and is concealed, waits like a whole one

Every stream has its own decoder, which decodes one frame after the other, and predicted frames in their order. When a stream
misses a reference, fusion requests a key frame at once, and again in every feedback period until one arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simnet.errors import BitstreamError
from simnet.nodes import fillers
from simnet.nodes.feedback import Reception
from simnet.nodes.fusion_state import PlannerState, WaitingFrame
from simnet.nodes.references import Decodability, ReferenceChain
from simnet.nodes.side_selection import PREVIOUS, FrameStatus, FrameStatuses, Query, SideSource, find_candidates
from simnet.records import Outcome
from simnet.records.grants import Decision, Feedback, Plan, SideChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.nodes.fusion_setup import FusionSetup
    from simnet.records.grants import Delivery


@dataclass(slots=True)
class FusionPlanner:
    """Turns deliveries and wake-ups into plans.

    `verify(stream, data)` returns whether a bitstream is a key frame and raises BitstreamError if it is corrupt.
    """

    setup: FusionSetup
    verify: Callable[[str, bytes], bool]
    _statuses: dict[str, FrameStatuses] = field(init=False)
    _status_heap: list[tuple[int, str, int]] = field(default_factory=list[tuple[int, str, int]])
    """Keys of `_statuses`, oldest first: capture time, stream, sequence."""
    _chains: dict[str, ReferenceChain] = field(init=False)
    _missing: set[str] = field(default_factory=set[str])
    """Streams that miss a reference."""
    _receptions: dict[str, Reception] = field(init=False)
    _waiting: list[WaitingFrame] = field(default_factory=list[WaitingFrame])
    _decoder_free_ns: dict[str, int] = field(default_factory=dict[str, int])
    _next_feedback_ns: int | None = field(init=False)
    _memory_ns: int = field(init=False)
    _candidates: dict[str, tuple[tuple[str, int], ...]] = field(init=False)
    _serving: frozenset[str] = field(init=False)
    """Sources whose pictures serve a stream. The planner keeps no status of other frames."""

    def __post_init__(self) -> None:
        streams = self.setup.streams
        self._memory_ns = self.setup.memory_ns
        self._candidates = {name: stream.candidates for name, stream in streams.items()}
        self._serving = self.setup.serving()
        self._statuses = {name: {} for name in self.setup.sources}
        self._chains = {name: ReferenceChain() for name in streams}
        self._receptions = {name: Reception(name) for name in streams if streams[name].rate.uses_feedback}
        self._next_feedback_ns = self._feedback_at_or_none(self.setup.config.feedback_period_ns)

    @property
    def state(self) -> PlannerState:
        """State of this planner. It shares mutable parts with the planner, so store it before the next grant."""
        statuses = [
            (stream, sequence, status) for stream, own in self._statuses.items() for sequence, status in own.items()
        ]
        return PlannerState(
            tuple(statuses),
            tuple(self._chains.items()),
            tuple(self._receptions.values()),
            tuple(self._waiting),
            tuple(self._decoder_free_ns.items()),
            self._next_feedback_ns,
        )

    def restore(self, state: PlannerState) -> None:
        """Continue from the state of another planner, which this one takes over."""
        self._statuses, self._status_heap = {name: {} for name in self.setup.sources}, []
        for stream, sequence, status in state.statuses:
            self._set_status(stream, sequence, status)
        self._chains = dict(state.chains)
        for stream in self._chains:
            self._update_missing(stream)
        self._receptions = {reception.stream: reception for reception in state.receptions}
        # A waiting frame and `_statuses` share one status object, so that a decision changes both.
        self._waiting = [
            replace(frame, status=self._statuses[frame.stream].get(frame.sequence, frame.status))
            for frame in state.waiting
        ]
        self._decoder_free_ns = dict(state.decoder_free_ns)
        self._next_feedback_ns = state.next_feedback_ns

    def start(self) -> Plan:
        """Return the plan before the first grant: the time of the first wake-up."""
        return Plan(wake_ns=self._next_feedback_ns)

    def deliver(self, delivery: Delivery) -> Plan:
        """Handle a delivery at its time."""
        now_ns = delivery.time_ns
        decisions: list[Decision] = []
        stream = delivery.stream
        if self._status_heap:
            self._forget(now_ns)
        if stream in self._receptions:
            self._receptions[stream].add(delivery)
        key, missing = self._key_flag(delivery), fillers.missing_slices(self.setup, delivery)
        if key is None:
            outcome = Outcome.CORRUPT if delivery.complete else Outcome.LOST
            decisions.append(self._lose(stream, delivery.sequence, outcome, now_ns))
        else:
            chain = self._chains[stream]
            chain.on_arrival(delivery.sequence, key=key)
            if chain.has_references:
                self._update_missing(stream)
            if self._waiting or chain.has_references or self._candidates[stream] or missing:
                self._add_waiting(delivery, key, missing)
            else:
                # This frame waits for nothing, and no waiting frame depends on it.
                decisions.append(self._decide_at_once(delivery))
        return self._plan(now_ns, decisions)

    def wake(self, now_ns: int) -> Plan:
        """Handle a wake-up: decide and report what is due at `now_ns`."""
        return self._plan(now_ns, [])

    def _key_flag(self, delivery: Delivery) -> bool | None:
        """Return whether a frame is a key frame; None if it is incomplete or corrupt."""
        if not fillers.is_decodable(self.setup, delivery):
            return None
        try:
            return self.verify(delivery.stream, delivery.data)
        except BitstreamError:
            return None

    def _lose(self, stream: str, sequence: int, outcome: Outcome, now_ns: int) -> Decision:
        self._set_status(stream, sequence, FrameStatus(is_lost=True))
        self._chains[stream].on_loss(sequence, now_ns)
        self._update_missing(stream)
        return Decision(stream, sequence, outcome)

    def _add_waiting(self, delivery: Delivery, key: bool, missing: int) -> None:
        config = self.setup.config
        capture_ns = self.setup.sources[delivery.stream].schedule.capture_ns(delivery.sequence)
        until_ns = (
            fillers.wait_until_ns(self.setup, delivery, capture_ns) if missing else delivery.time_ns + config.wait_ns
        )
        query = Query(
            capture_ns=capture_ns,
            until_ns=until_ns,
            max_age_ns=config.max_age_ns,
            oldest_ns=delivery.time_ns - self._memory_ns,
        )
        status = self._set_status(delivery.stream, delivery.sequence, FrameStatus(is_concealed=missing > 0))
        self._waiting.append(WaitingFrame(delivery.stream, delivery.sequence, query, status, key, missing))

    def _decide_at_once(self, delivery: Delivery) -> Decision:
        stream, sequence = delivery.stream, delivery.sequence
        capture_ns = self.setup.sources[stream].schedule.capture_ns(sequence)
        decision = self._decision(stream, sequence, capture_ns, (), delivery.time_ns)
        if stream in self._serving:
            self._set_status(stream, sequence, FrameStatus(ready_ns=decision.ready_ns))
        return decision

    def _plan(self, now_ns: int, decisions: list[Decision]) -> Plan:
        if not self._waiting and not self._missing and self._next_feedback_ns is None:
            return Plan(tuple(decisions))
        waits_ns: list[int] = []
        changed = True
        # A decision can end the wait of another frame, so repeat until nothing changes.
        while changed:
            changed = False
            waits_ns.clear()
            for frame in list(self._waiting):
                decodability = self._decodability(frame)
                if decodability is Decodability.NEVER:
                    self._waiting.remove(frame)
                    decisions.append(self._lose(frame.stream, frame.sequence, Outcome.REFERENCE, now_ns))
                    changed = True
                if decodability is not Decodability.NOW:
                    continue
                sides, wait_until_ns = self._sides(frame, now_ns)
                if wait_until_ns is None:
                    decisions.append(self._decide(frame, sides, now_ns))
                    changed = True
                else:
                    waits_ns.append(wait_until_ns)
        feedback = (*self._due_feedback(now_ns), *self._due_requests(now_ns))
        return Plan(tuple(decisions), feedback, min([*self._wakes(now_ns), *waits_ns], default=None))

    def _decodability(self, frame: WaitingFrame) -> Decodability:
        """Return whether a frame can be decoded; in a stream with predicted frames it overtakes no decodable frame."""
        chain = self._chains[frame.stream]
        decodability = chain.decodability(frame.sequence, key=frame.key)
        if decodability is not Decodability.NOW or not chain.has_references:
            return decodability
        ahead = [other for other in self._waiting if other.stream == frame.stream and other.sequence < frame.sequence]
        blocked = any(chain.decodability(other.sequence, key=other.key) is Decodability.NOW for other in ahead)
        return Decodability.LATER if blocked else Decodability.NOW

    def _sides(self, frame: WaitingFrame, now_ns: int) -> tuple[tuple[SideChoice, ...], int | None]:
        """Return the side pictures to use if the frame is decided now, and until when waiting may bring better ones.

        Candidates count in order of preference. Once enough are found, the frame does not wait for the remaining ones.
        """
        found: list[SideChoice] = []
        wait_until_ns: int | None = None
        for name, lag_ns in self._candidates[frame.stream]:
            if len(found) == self.setup.config.pictures:
                break
            source, query = self._source_query(name, lag_ns, frame)
            offer = find_candidates(source, self._statuses[source.name], query, now_ns)
            if offer.wait_until_ns is not None:
                wait_until_ns = (
                    offer.wait_until_ns if wait_until_ns is None else min(wait_until_ns, offer.wait_until_ns)
                )
            if offer.best is not None:
                found.append(offer.best)
        return tuple(found), wait_until_ns

    def _source_query(self, name: str, lag_ns: int, frame: WaitingFrame) -> tuple[SideSource, Query]:
        if name != PREVIOUS:
            return self.setup.sources[name], replace(frame.query, lag_ns=lag_ns)
        return self.setup.sources[frame.stream], replace(frame.query, before_sequence=frame.sequence)

    def _decide(self, frame: WaitingFrame, sides: tuple[SideChoice, ...], now_ns: int) -> Decision:
        self._waiting.remove(frame)
        decision = self._decision(frame.stream, frame.sequence, frame.query.capture_ns, sides, now_ns)
        if frame.missing:
            decision = fillers.concealed(self.setup, self._statuses, frame, decision, now_ns)
        frame.status.ready_ns = decision.ready_ns
        frame.status.has_own = any(side.source == frame.stream for side in sides)
        return decision

    def _decision(
        self, name: str, sequence: int, capture_ns: int, sides: tuple[SideChoice, ...], now_ns: int
    ) -> Decision:
        stream = self.setup.streams[name]
        start_ns = max(now_ns, self._decoder_free_ns.get(name, 0))
        ready_ns = start_ns + stream.decode_ns
        self._decoder_free_ns[name] = ready_ns
        self._chains[name].on_decode(sequence)
        outcome = Outcome.ALONE if stream.side_information and not sides else Outcome.DECODED
        if ready_ns - capture_ns > self.setup.config.deadline_ns:
            outcome = Outcome.LATE
        return Decision(name, sequence, outcome, start_ns, ready_ns, sides)

    def _update_missing(self, stream: str) -> None:
        if self._chains[stream].request_ns is None:
            self._missing.discard(stream)
        else:
            self._missing.add(stream)

    def _wakes(self, now_ns: int) -> list[int]:
        # A due request may not have been made yet, so it can lie in the past: requests end with the captures, and a stream whose
        # first frame was lost is known to miss a reference only once its first predicted frame arrives.
        requests = [self._chains[name].request_ns for name in self._missing]
        times = [time_ns for time_ns in requests if time_ns is not None and now_ns < time_ns < self.setup.end_ns]
        return times if self._next_feedback_ns is None else [*times, self._next_feedback_ns]

    def _due_requests(self, now_ns: int) -> list[Feedback]:
        """Return the requests for key frames that are due; there are none after the last capture."""
        if now_ns >= self.setup.end_ns or not self._missing:
            return []
        period_ns = self.setup.config.feedback_period_ns
        missing = [name for name in self._chains if name in self._missing]
        requests = {name: self._chains[name].request(now_ns, period_ns) for name in missing}
        return [
            Feedback.request(name, now_ns, undecodable)
            for name, undecodable in requests.items()
            if undecodable is not None
        ]

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
        while self._status_heap and self._status_heap[0][0] < oldest_ns:
            _, stream, sequence = heappop(self._status_heap)
            self._statuses[stream].pop(sequence, None)

    def _set_status(self, stream: str, sequence: int, status: FrameStatus) -> FrameStatus:
        if stream not in self._serving:
            return status
        if sequence not in self._statuses[stream]:
            captured_ns = self.setup.sources[stream].schedule.capture_ns(sequence)
            heappush(self._status_heap, (captured_ns, stream, sequence))
        self._statuses[stream][sequence] = status
        return status
