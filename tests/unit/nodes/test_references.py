"""Frames that refer to the one before them, in the planner: order, losses, requests. Times in ms; one stream `v` at 10 Hz."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from simnet.nodes import camera, rate_control
from simnet.nodes.camera import CameraSetup, EncodedFrame
from simnet.nodes.fusion import FusionPlanner
from simnet.nodes.fusion_setup import FusionSetup
from simnet.nodes.rate_state import RateSetup
from simnet.nodes.references import Decodability, ReferenceChain
from simnet.nodes.schedule import Schedule
from simnet.nodes.side_selection import SideSource
from simnet.records import FusionConfig, Outcome, RateConfig, StreamConfig
from simnet.records.grants import (
    Capture,
    Delivery,
    Feedback,
    Plan,
)

MS = 1_000_000
PERIOD = 100 * MS


def _planner(sides: tuple[str, ...] = (), **config: int) -> FusionPlanner:
    schedule = Schedule(0, PERIOD, 2000 * MS)
    stream = StreamConfig("v", "h264", decode_ns=20 * MS, side_information=sides)
    fusion = FusionConfig("f", **{"wait_ns": 50 * MS, "feedback_period_ns": 100 * MS, **config})
    sources = {
        "v": SideSource("v", schedule, 30 * MS, 20 * MS),
        "s": SideSource("s", Schedule(40 * MS, PERIOD, 2000 * MS)),
    }
    return FusionPlanner(FusionSetup(fusion, {"v": stream}, sources, 2000 * MS), lambda _, data: data == b"key")


def _arrives(planner: FusionPlanner, sequence: int, at_ms: int, *, key: bool = False, lost: bool = False) -> Plan:
    delivery = Delivery("v", sequence, at_ms * MS, at_ms * MS - 5 * MS, not lost, 1040, 1, int(lost), 0)
    return planner.deliver(replace(delivery, data=b"" if lost else b"key" if key else b"refers"))


def _told(plan: Plan) -> list[tuple[int, Outcome]]:
    return [(decision.sequence, decision.outcome) for decision in plan.decisions]


def _asked(plan: Plan) -> list[int | None]:
    return [feedback.undecodable for feedback in plan.feedback]


def test_referring_frames_decode_in_order() -> None:
    planner = _planner()
    plans = [_arrives(planner, n, 100 * n + 15, key=n == 0) for n in range(4)]
    assert [_told(plan) for plan in plans] == [[(n, Outcome.DECODED)] for n in range(4)]
    assert not any(_asked(plan) for plan in plans)


def test_lost_frame_breaks_until_the_next_key_frame() -> None:
    planner = _planner()
    _arrives(planner, 0, 15, key=True)
    _arrives(planner, 1, 115)
    assert _told(_arrives(planner, 2, 215, lost=True)) == [(2, Outcome.LOST)]
    assert _told(_arrives(planner, 3, 315)) == [(3, Outcome.REFERENCE)]
    assert _told(_arrives(planner, 4, 415)) == [(4, Outcome.REFERENCE)]
    assert _told(_arrives(planner, 5, 515, key=True)) == [(5, Outcome.DECODED)]
    assert _told(_arrives(planner, 6, 615)) == [(6, Outcome.DECODED)]


def test_frame_waits_for_its_reference_even_if_late() -> None:
    planner = _planner(deadline_ns=100 * MS)
    _arrives(planner, 0, 15, key=True)
    assert _told(_arrives(planner, 2, 215)) == []
    assert _told(_arrives(planner, 1, 260)) == [(1, Outcome.LATE), (2, Outcome.DECODED)]


def test_key_frame_waits_for_no_earlier_frame() -> None:
    planner = _planner()
    _arrives(planner, 0, 15, key=True)
    _arrives(planner, 2, 215)
    assert _told(_arrives(planner, 3, 315, key=True)) == [(3, Outcome.DECODED), (2, Outcome.REFERENCE)]
    assert _told(_arrives(planner, 1, 330)) == [(1, Outcome.REFERENCE)]
    assert _told(_arrives(planner, 4, 415)) == [(4, Outcome.DECODED)]


def test_waiting_frame_is_not_overtaken() -> None:
    planner = _planner(("s",))
    _arrives(planner, 0, 65, key=True)
    assert _told(_arrives(planner, 1, 115)) == []
    assert _told(_arrives(planner, 2, 125)) == []
    assert _told(_arrives(planner, 3, 130, key=True)) == []
    assert [sequence for sequence, _ in _told(planner.wake(140 * MS))] == [1, 2, 3]


def test_key_frame_is_requested_until_it_arrives() -> None:
    planner = _planner()
    _arrives(planner, 0, 15, key=True)
    _arrives(planner, 1, 115)
    first = _arrives(planner, 2, 215, lost=True)
    assert (_asked(first), first.wake_ns) == ([2], 315 * MS)
    assert _asked(_arrives(planner, 3, 300)) == []
    again = planner.wake(315 * MS)
    assert (_asked(again), again.wake_ns) == ([3], 415 * MS)
    assert _arrives(planner, 4, 400, key=True).wake_ns is None
    assert _asked(planner.wake(415 * MS)) == []


def test_stream_of_key_frames_requests_nothing() -> None:
    planner = _planner()
    _arrives(planner, 0, 15, key=True)
    plan = _arrives(planner, 1, 115, lost=True)
    assert (_told(plan), plan.feedback, plan.wake_ns) == ([(1, Outcome.LOST)], (), None)
    assert _told(_arrives(planner, 2, 215, key=True)) == [(2, Outcome.DECODED)]


def test_first_frame_may_be_lost() -> None:
    planner = _planner()
    assert _asked(_arrives(planner, 0, 15, lost=True)) == []
    plan = _arrives(planner, 1, 115)
    assert (_told(plan), _asked(plan)) == ([(1, Outcome.REFERENCE)], [1])


def test_key_frame_requests_end_with_the_captures() -> None:
    planner = _planner()
    _arrives(planner, 0, 15, key=True)
    _arrives(planner, 1, 115)
    plan = _arrives(planner, 18, 1950, lost=True)
    assert (_asked(plan), plan.wake_ns) == ([18], None)
    assert _asked(_arrives(planner, 19, 2005)) == []


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)), st.sets(st.integers(1, 7)))
def test_decisions_match_a_real_decoder(order: list[int], lost: set[int], keys: set[int]) -> None:
    """Whatever the order of arrival: every frame has its turn or never will, and a decoder accepts them in that order."""
    planner, fates, last = _planner(wait_ns=0), {}, None
    for place, sequence in enumerate(order):
        key = sequence == 0 or sequence in keys
        for decision in _arrives(planner, sequence, 900 + place, key=key, lost=sequence in lost).decisions:
            fates[decision.sequence] = decision.outcome
            if decision.ready_ns is not None:
                assert decision.sequence == 0 or decision.sequence in keys or decision.sequence - 1 == last
                last = decision.sequence
    assert sorted(fates) == list(range(8))
    assert {sequence for sequence, outcome in fates.items() if outcome is Outcome.LOST} == lost


def test_only_losses_break_an_ordered_stream() -> None:
    chain, turns = ReferenceChain(), []
    for sequence, key in enumerate([True, False, False, True, False]):
        chain.on_arrival(sequence, key=key)
        turns.append(chain.decodability(sequence, key=key))
        chain.on_decode(sequence)
    assert turns == [Decodability.NOW] * 5


def _camera(interval_ms: int | None, requests: dict[int, int]) -> list[int]:
    """Return which of ten frames are key frames; `requests` tells with which capture what request is there."""
    setup = CameraSetup(RateSetup(RateConfig(), PERIOD, 1460, 40), 10 * MS, interval_ms and interval_ms * MS)
    state, keys = camera.start(setup), []
    for sequence in range(10):
        asked = (Feedback.request("v", 0, requests[sequence]),) if sequence in requests else ()

        def encode(quality: float, key: bool, sequence: int = sequence) -> EncodedFrame:
            if key:
                keys.append(sequence)
            return EncodedFrame(bytes(1000), quality, key)

        state, _ = camera.step(setup, state, Capture("v", sequence, sequence * PERIOD, asked), encode)
    return keys


def test_camera_sends_key_frames_on_request_and_interval() -> None:
    assert _camera(None, {}) == [0]
    assert _camera(None, {4: 2}) == [0, 4]
    assert _camera(400, {}) == [0, 4, 8]
    assert _camera(400, {2: 1}) == [0, 2, 6]


def test_request_answered_in_flight_is_ignored() -> None:
    assert _camera(None, {4: 2, 5: 3}) == [0, 4]
    assert _camera(None, {4: 2, 7: 4}) == [0, 4, 7]


def test_key_frame_size_does_not_drive_rate_control() -> None:
    setup = RateSetup(RateConfig("target", target_bps=100e3), PERIOD, 1460, 40)
    state = rate_control.start(setup)
    for _ in range(5):
        state = rate_control.choose_quality(setup, rate_control.on_encoded(setup, state, state.quality, 1200))
    after = rate_control.on_encoded(setup, state, state.quality, 9000, typical=False)
    assert after.model == state.model
    assert after.debt_bytes > state.debt_bytes
    assert rate_control.choose_quality(setup, after).quality <= rate_control.choose_quality(setup, state).quality


def test_key_frame_request_is_no_feedback_report() -> None:
    setup = RateSetup(RateConfig("adaptive"), PERIOD, 1460, 40)
    state = rate_control.on_encoded(setup, rate_control.start(setup), 0.5, 4000)
    assert rate_control.on_feedback(setup, state, [Feedback.request("v", 500 * MS, 3)]) == state
