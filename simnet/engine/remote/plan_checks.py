"""Checks of fusion's plans: each decision is about a frame that has arrived, and says what the scenario's times allow."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simnet import sliced_frames
from simnet.engine.kernel.port import wake_fault
from simnet.engine.recovery import marshalling
from simnet.errors import WireError
from simnet.nodes.feedback import Reception
from simnet.nodes.fusion_setup import FusionSetup
from simnet.nodes.fusion_state import PlannerState
from simnet.nodes.side_selection import PREVIOUS
from simnet.records import Outcome
from simnet.records.grants import Feedback
from simnet.wire.protocol.serialization import unpack_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.records import Scenario, StreamConfig
    from simnet.records.grants import Decision, Delivery, SideChoice
    from simnet.wire.protocol.messages import Message

    Key = tuple[str, int]
    """A frame: stream, sequence."""

_UNDECODABLE = frozenset({Outcome.CORRUPT, Outcome.REFERENCE})
"""Outcomes of a frame that arrived whole and has no picture."""


class PlanChecks:
    """Follows the deliveries of one run, and what fusion says about them."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario, self._setup = scenario, FusionSetup.of(scenario)
        self._undecided: dict[Key, int | None] = {}
        """Frames that have arrived, and how many slices of them are missing; None if nothing can be made of them."""
        self._ready_ns: dict[Key, int] = {}
        """When pictures are ready that may serve as side information."""
        self._ready_order: deque[Key] = deque()
        self._decoder_free_ns: dict[str, int] = {}
        self._receptions = {
            name: Reception(name) for name, stream in self._setup.streams.items() if stream.rate.uses_feedback
        }

    def check(self, request: Message, reply: Message) -> None:
        """Check the plan after a delivery or at a wake.

        Raises:
            WireError: It says what cannot be.
        """
        now_ns: int = request.header["time_ns"]
        if request.kind == "delivery":
            self._arrive(marshalling.delivery_grant(request))
        plan = marshalling.plan_of(reply)
        for decision in plan.decisions:
            try:
                self._check_decision(decision, now_ns)
            except WireError as error:
                raise WireError(f"frame {decision.sequence} of {decision.stream[:100]}: {error}") from error
        self._check_feedback(plan.feedback, now_ns)
        if plan.wake_ns is not None and (fault := wake_fault(plan.wake_ns, now_ns, self._scenario)):
            raise WireError(fault)
        if reply.payloads:
            unpack_records(PlannerState, reply.payloads[0])
        self._forget(now_ns)

    def _arrive(self, delivery: Delivery) -> None:
        stream, missing = self._setup.streams[delivery.stream], None
        if delivery.complete:
            missing = 0
        elif stream.slices > 1 and delivery.data:
            missing = sliced_frames.missing(delivery.data)
            missing = missing if stream.conceals or missing < stream.slices else None
        self._undecided[delivery.stream, delivery.sequence] = missing
        if delivery.stream in self._receptions:
            self._receptions[delivery.stream].add(delivery)

    def _check_decision(self, decision: Decision, now_ns: int) -> None:
        key = decision.stream, decision.sequence
        if key not in self._undecided:
            raise WireError("is decided on; expected a frame that has arrived and is undecided")
        missing = self._undecided.pop(key)
        if not decision.outcome.has_picture:
            allowed = {Outcome.LOST} if missing != 0 else _UNDECODABLE
            if decision.outcome not in allowed:
                names = " or ".join(sorted(allowed))
                raise WireError(f"is {decision.outcome.value!r}; expected {names} of a frame without a picture")
            if decision.sides or decision.fillers or (decision.start_ns, decision.ready_ns) != (None, None):
                raise WireError("has times or sides of decoding; expected none of a frame without a picture")
            return
        if missing is None:
            raise WireError(f"is {decision.outcome.value!r}; expected 'lost' of a frame that did not arrive whole")
        stream = self._setup.streams[decision.stream]
        if decision.concealed != missing / stream.slices or (decision.fillers and not missing):
            said = f"{decision.concealed:g} of it is filled from {len(decision.fillers)} pictures"
            raise WireError(f"{said}; expected {missing / stream.slices:g} of it, as slices are missing")
        self._check_decoding(decision, stream, now_ns)
        self._ready_ns[key] = decision.ready_ns or 0
        self._ready_order.append(key)

    def _check_decoding(self, decision: Decision, stream: StreamConfig, now_ns: int) -> None:
        """A decoder takes its stream's frames one after the other, each for the declared time."""
        name, sequence = decision.stream, decision.sequence
        start_ns = max(now_ns, self._decoder_free_ns.get(name, 0))
        times = start_ns, start_ns + stream.decode_ns
        if (decision.start_ns, decision.ready_ns) != times:
            said = f"{decision.start_ns} to {decision.ready_ns} ns"
            raise WireError(f"is decoded from {said}; expected {times[0]} to {times[1]} ns")
        self._decoder_free_ns[name] = times[1]
        capture_ns = self._setup.sources[name].schedule.capture_ns(sequence)
        expected = Outcome.ALONE if stream.side_information and not decision.sides else Outcome.DECODED
        if decision.concealed:
            expected = Outcome.CONCEALED
        if times[1] - capture_ns > self._setup.config.deadline_ns:
            expected = Outcome.LATE
        if decision.outcome is not expected:
            raise WireError(f"is {decision.outcome.value!r}; expected {expected.value!r}")
        if len(decision.sides) > self._setup.config.pictures:
            raise WireError(f"has {len(decision.sides)} sides; expected at most {self._setup.config.pictures}")
        for side in decision.sides:
            self._check_side(side, stream, sequence, capture_ns, now_ns)
        for filler in decision.fillers:
            self._check_filler(filler, stream, sequence, capture_ns, times[0])

    def _check_side(self, side: SideChoice, stream: StreamConfig, sequence: int, capture_ns: int, now_ns: int) -> None:
        what = f"side {side.source[:100]} {side.sequence}"
        lags = [lag for name, lag in stream.candidates if (stream.name if name == PREVIOUS else name) == side.source]
        if not lags:
            raise WireError(
                f"{what} is none of its side information; expected {', '.join(stream.side_information)[:200]}"
            )
        source = self._setup.sources[side.source]
        captured_ns = source.schedule.capture_ns(side.sequence)
        if side.sequence >= source.schedule.count or side.age_ns != abs(captured_ns - capture_ns):
            raise WireError(f"{what} of age {side.age_ns} ns; expected the age of one of the source's frames")
        if all(abs(captured_ns - capture_ns + lag_ns) > self._setup.config.max_age_ns for lag_ns in lags):
            raise WireError(f"{what} is {side.age_ns} ns old; expected at most {self._setup.config.max_age_ns} ns")
        ready_ns = captured_ns if source.is_local else self._ready_ns.get((side.source, side.sequence))
        if ready_ns is None or ready_ns > now_ns or (side.source, side.sequence) == (stream.name, sequence):
            raise WireError(f"{what} is not there; expected a picture that is ready by {now_ns} ns")

    def _check_filler(
        self, filler: SideChoice, stream: StreamConfig, sequence: int, capture_ns: int, start_ns: int
    ) -> None:
        """A filler is a side picture, or one of the stream's own pictures before the frame."""
        if filler.source != stream.name:
            self._check_side(filler, stream, sequence, capture_ns, start_ns)
            return
        key, captured_ns = (
            (filler.source, filler.sequence),
            self._setup.sources[stream.name].schedule.capture_ns(filler.sequence),
        )
        ready_ns = self._ready_ns.get(key)
        if (
            filler.sequence >= sequence
            or filler.age_ns != capture_ns - captured_ns
            or ready_ns is None
            or ready_ns > start_ns
        ):
            raise WireError(
                f"filler {filler.sequence} of age {filler.age_ns} ns; expected an earlier picture that is ready"
            )

    def _check_feedback(self, feedback: Sequence[Feedback], now_ns: int) -> None:
        """Reports count what was delivered; requests name a frame that has been captured. One of each a stream.

        Allotments lie within the stream's bounds, one a stream.
        """
        seen: set[tuple[str, bool]] = set()
        allotted: set[str] = set()
        for each in feedback:
            if each.allotted_bps is not None:
                self._check_allotment(each, now_ns)
                if each.stream in allotted:
                    raise WireError(f"allots a rate to {each.stream[:100]} twice; expected one a stream")
                allotted.add(each.stream)
                continue
            is_request = each.undecodable is not None
            known = self._setup.streams if is_request else self._receptions
            what = f"{'request' if is_request else 'report'} to {each.stream[:100]}"
            if each.stream not in known or (each.stream, is_request) in seen:
                raise WireError(f"{what}; expected at most one, to a stream that takes it")
            seen.add((each.stream, is_request))
            expected = self._expected_feedback(each, now_ns)
            if each != expected:
                raise WireError(f"{what} says {_figures(each)}; expected {_figures(expected)}")

    def _check_allotment(self, said: Feedback, now_ns: int) -> None:
        stream = self._setup.streams.get(said.stream)
        bounds = None if stream is None else stream.rate.allotted
        if bounds is None:
            raise WireError(f"allots a rate to {said.stream[:100]}; expected a stream whose rate is allotted")
        rate_bps = said.allotted_bps or 0
        if not bounds.min_bps <= rate_bps <= max(bounds.max_bps, bounds.min_bps + 1):
            span = f"{bounds.min_bps:g} to {bounds.max_bps:g}"
            raise WireError(f"allots {rate_bps} bit/s to {said.stream[:100]}; expected {span}")
        if (expected := Feedback.allotment(said.stream, now_ns, rate_bps)) != said:
            raise WireError(f"allotment to {said.stream[:100]} says {_figures(said)}; expected {_figures(expected)}")

    def _expected_feedback(self, said: Feedback, now_ns: int) -> Feedback:
        if said.undecodable is None:
            return self._receptions[said.stream].report(now_ns)
        schedule = self._setup.sources[said.stream].schedule
        captured = min(schedule.count, (now_ns - schedule.phase_ns) // schedule.period_ns + 1)
        return Feedback.request(said.stream, now_ns, min(said.undecodable, captured - 1))

    def _forget(self, now_ns: int) -> None:
        oldest_ns = now_ns - self._setup.memory_ns
        sources, order = self._setup.sources, self._ready_order
        while order and sources[order[0][0]].schedule.capture_ns(order[0][1]) < oldest_ns:
            del self._ready_ns[order.popleft()]


def _figures(feedback: Feedback) -> str:
    told = (
        feedback.time_ns,
        feedback.frames,
        feedback.received_bytes,
        feedback.packets_received,
        feedback.packets_lost,
    )
    return f"{(*told, feedback.queue_ns, feedback.delay_ns, feedback.undecodable)}"
