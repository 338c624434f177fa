"""The planner: what is decoded when, and with what. Times in ms; streams `a` and `b` at 10 Hz, sensor `s` at fusion."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.errors import BitstreamError
from simnet.nodes.fusion import FusionPlanner
from simnet.nodes.fusion_setup import FusionSetup
from simnet.nodes.schedule import Schedule
from simnet.nodes.side_selection import SideSource
from simnet.records import FusionConfig, Outcome, RateConfig, StreamConfig
from simnet.records.grants import Delivery, Plan, SideChoice

MS = 1_000_000
DECODE = 20


def _planner(
    sides: tuple[str, ...] = ("a",),
    rate: str = "fixed",
    shift_ms: int = 0,
    lags_ms: tuple[int, ...] = (),
    duration_ms: int = 1000,
    **config: int,
) -> FusionPlanner:
    def schedule(phase_ms: int = 0) -> Schedule:
        return Schedule(phase_ms * MS, 100 * MS, duration_ms * MS)

    def coded(name: str, phase_ms: int = 0) -> SideSource:
        return SideSource(name, schedule(phase_ms), (10 + DECODE) * MS, DECODE * MS)

    stream = StreamConfig("a", "jpeg", encode_ns=10 * MS, decode_ns=DECODE * MS)
    fusion = FusionConfig("f", **{"wait_ns": 50 * MS, "max_age_ns": 150 * MS, **config})
    streams = {
        "a": stream,
        "b": replace(
            stream,
            name="b",
            side_information=sides,
            side_lags_ns=tuple(lag * MS for lag in lags_ms),
            rate=RateConfig(rate),
        ),
    }
    sources = {"a": coded("a", shift_ms), "b": coded("b"), "s": SideSource("s", schedule(30))}
    return FusionPlanner(FusionSetup(fusion, streams, sources, duration_ms * MS), _verify)


def _verify(stream: str, data: bytes) -> bool:
    if data == b"altered":
        raise BitstreamError(f"{stream}: altered")
    return data != b"refers"


def _arrives(planner: FusionPlanner, stream: str, sequence: int, at_ms: int, **changes: object) -> Plan:
    delivery = Delivery(stream, sequence, at_ms * MS, at_ms * MS - 5 * MS, True, 1040, 1, 0, 0, b"data")
    return planner.deliver(replace(delivery, **changes))


def _told(plan: Plan) -> list[tuple]:
    return [
        (d.stream, d.sequence, d.outcome, d.ready_ns and d.ready_ns // MS, [(s.source, s.sequence) for s in d.sides])
        for d in plan.decisions
    ]


def test_available_picture_is_used_at_once() -> None:
    planner = _planner()
    assert _told(_arrives(planner, "a", 0, 15)) == [("a", 0, Outcome.DECODED, 35, [])]
    assert _told(_arrives(planner, "b", 0, 40)) == [("b", 0, Outcome.DECODED, 60, [("a", 0)])]


def test_frame_waits_for_a_side_picture_being_decoded() -> None:
    planner = _planner()
    _arrives(planner, "a", 0, 15)
    plan = _arrives(planner, "b", 0, 16)
    assert plan == Plan(wake_ns=35 * MS)
    assert _told(planner.wake(35 * MS)) == [("b", 0, Outcome.DECODED, 55, [("a", 0)])]


def test_frame_waits_for_a_side_picture_in_flight() -> None:
    planner = _planner()
    assert _arrives(planner, "b", 0, 20).decisions == ()
    plan = _arrives(planner, "a", 0, 30)
    assert _told(plan) == [("a", 0, Outcome.DECODED, 50, [])]
    assert plan.wake_ns == 50 * MS
    assert _told(planner.wake(50 * MS)) == [("b", 0, Outcome.DECODED, 70, [("a", 0)])]


def test_wait_ends_when_decoding_would_be_late() -> None:
    planner = _planner()
    plan = _arrives(planner, "b", 0, 20)
    assert plan.wake_ns == (20 + 50 - DECODE) * MS
    assert _told(planner.wake(50 * MS)) == [("b", 0, Outcome.ALONE, 70, [])]


def test_lost_side_frame_is_replaced_by_an_older() -> None:
    planner = _planner()
    _arrives(planner, "a", 0, 15)
    _arrives(planner, "b", 1, 115)
    plan = _arrives(planner, "a", 1, 120, complete=False, packets_lost=1, data=b"")
    assert _told(plan) == [("a", 1, Outcome.LOST, None, []), ("b", 1, Outcome.DECODED, 140, [("a", 0)])]
    assert plan.decisions[1].sides == (SideChoice("a", 0, 100 * MS),)


def test_corrupt_side_frame_counts_as_lost() -> None:
    planner = _planner()
    plan = _arrives(planner, "a", 0, 15, data=b"altered")
    assert _told(plan) == [("a", 0, Outcome.CORRUPT, None, [])]
    assert _told(_arrives(planner, "b", 0, 16)) == [("b", 0, Outcome.ALONE, 36, [])]


def test_without_waiting_the_newest_available_picture_serves() -> None:
    planner = _planner(wait_ns=0)
    _arrives(planner, "a", 0, 15)
    assert _told(_arrives(planner, "b", 1, 115)) == [("b", 1, Outcome.DECODED, 135, [("a", 0)])]


def test_pictures_beyond_the_maximum_age_are_not_used() -> None:
    planner = _planner(wait_ns=0, max_age_ns=60 * MS)
    _arrives(planner, "a", 0, 15)
    assert _told(_arrives(planner, "b", 1, 115)) == [("b", 1, Outcome.ALONE, 135, [])]


def test_nearest_capture_beats_the_newest() -> None:
    planner = _planner(shift_ms=40, wait_ns=0)
    _arrives(planner, "a", 0, 55)
    _arrives(planner, "a", 1, 155)
    assert _told(_arrives(planner, "b", 1, 180)) == [("b", 1, Outcome.DECODED, 200, [("a", 1)])]
    assert _told(_arrives(planner, "b", 0, 201)) == [("b", 0, Outcome.LATE, 221, [("a", 0)])]


def test_candidates_count_in_order_of_preference() -> None:
    planner = _planner(("a", "s"), wait_ns=0)
    assert _told(_arrives(planner, "b", 0, 31)) == [("b", 0, Outcome.DECODED, 51, [("s", 0)])]
    _arrives(planner, "a", 1, 115)
    assert _told(_arrives(planner, "b", 1, 136)) == [("b", 1, Outcome.DECODED, 156, [("a", 1)])]


def test_lag_selects_an_older_picture_and_records_age() -> None:
    planner = _planner(("a", "previous"), lags_ms=(300, 0), max_age_ns=100 * MS)
    for sequence in range(5):
        _arrives(planner, "a", sequence, 100 * sequence + 15)
    decision = _arrives(planner, "b", 4, 440).decisions[0]
    assert decision.sides == (SideChoice("a", 1, 300 * MS),)


def test_next_candidate_serves_before_the_lag_has_passed() -> None:
    planner = _planner(("a", "previous"), lags_ms=(300, 0), max_age_ns=100 * MS)
    for sequence in range(2):
        _arrives(planner, "a", sequence, 100 * sequence + 15)
        told = _told(_arrives(planner, "b", sequence, 100 * sequence + 40))
    assert told[0][-1] == [("b", 0)]


def test_pictures_are_kept_for_the_lag() -> None:
    lag_ms = 9000
    planner = _planner(("a",), lags_ms=(lag_ms,), wait_ns=0, duration_ms=20_000)
    _arrives(planner, "a", 0, 15)
    decision = _arrives(planner, "b", 90, lag_ms + 40).decisions[0]
    assert decision.sides == (SideChoice("a", 0, lag_ms * MS),)


def test_several_pictures_come_from_different_sources() -> None:
    planner = _planner(("a", "s"), wait_ns=0, pictures=2)
    _arrives(planner, "a", 0, 15)
    assert _told(_arrives(planner, "b", 0, 40))[0][-1] == [("a", 0), ("s", 0)]


def test_slightly_later_sensor_picture_is_awaited() -> None:
    planner = _planner(("s",))
    plan = _arrives(planner, "b", 0, 16)
    assert plan == Plan(wake_ns=30 * MS)
    assert _told(planner.wake(30 * MS)) == [("b", 0, Outcome.DECODED, 50, [("s", 0)])]


def test_previous_means_the_streams_own_last_picture() -> None:
    planner = _planner(("previous",))
    assert _told(_arrives(planner, "b", 0, 15))[0][2:] == (Outcome.ALONE, 35, [])
    assert _told(_arrives(planner, "b", 1, 115))[0][2:] == (Outcome.DECODED, 135, [("b", 0)])


def test_picture_with_one_of_its_own_stream_serves_no_later_one() -> None:
    planner = _planner(("previous",), max_age_ns=300 * MS)
    told = [_told(_arrives(planner, "b", sequence, 100 * sequence + 15))[0][-1] for sequence in range(6)]
    assert told == [[], [("b", 0)], [("b", 0)], [("b", 0)], [], [("b", 4)]]


def test_stream_decodes_one_frame_at_a_time() -> None:
    planner = _planner(())
    _arrives(planner, "b", 0, 110)
    decision = _arrives(planner, "b", 1, 115).decisions[0]
    assert (decision.start_ns, decision.ready_ns) == (130 * MS, 150 * MS)


@pytest.mark.parametrize(("at_ms", "outcome"), [(180, Outcome.DECODED), (181, Outcome.LATE)])
def test_deadline_counts_from_capture_to_picture(at_ms: int, outcome: Outcome) -> None:
    planner = _planner((), deadline_ns=200 * MS)
    assert _arrives(planner, "b", 0, at_ms).decisions[0].outcome is outcome


def test_feedback_reports_arrivals_since_the_last() -> None:
    planner = _planner((), rate="adaptive", feedback_period_ns=100 * MS)
    assert planner.start().wake_ns == 100 * MS
    _arrives(planner, "b", 0, 40, packets_sent=3, queue_ns=7 * MS)
    plan = planner.wake(100 * MS)
    (feedback,) = plan.feedback
    assert (feedback.frames, feedback.received_bytes, feedback.packets_received) == (1, 1040, 3)
    assert (feedback.queue_ns, feedback.delay_ns, feedback.time_ns) == (7 * MS, 5 * MS, 100 * MS)
    assert plan.wake_ns == 200 * MS
    assert planner.wake(200 * MS).feedback[0].frames == 0


def test_feedback_ends_with_the_run() -> None:
    planner = _planner((), rate="adaptive", feedback_period_ns=400 * MS)
    assert [planner.start().wake_ns, planner.wake(400 * MS).wake_ns, planner.wake(800 * MS).wake_ns] == [
        400 * MS,
        800 * MS,
        None,
    ]


def test_very_late_frame_is_still_decoded() -> None:
    planner = _planner(())
    assert _arrives(planner, "b", 0, 60_000).decisions[0].outcome is Outcome.LATE


arrivals = st.fixed_dictionaries(
    {
        (stream, sequence): st.tuples(
            st.integers(100 * sequence + 15, 100 * sequence + 700),
            st.sampled_from([b"data", b"refers", b"altered", b""]),
        )
        for stream in "ab"
        for sequence in range(5)
    }
)


@settings(max_examples=300)
@given(arrivals, st.sampled_from(["fixed", "adaptive"]), st.sampled_from([0, 1, 50, 300]))
def test_fusion_decides_every_frame_and_wakes_forward(
    arrivals: dict[tuple[str, int], tuple[int, bytes]], rate: str, wait_ms: int
) -> None:
    planner = _planner(("a", "previous"), rate, duration_ms=500, wait_ns=wait_ms * MS)
    decided: list[tuple[str, int]] = []

    def follow(plan: Plan, now_ns: int) -> int | None:
        assert plan.wake_ns is None or plan.wake_ns > now_ns
        decided.extend((decision.stream, decision.sequence) for decision in plan.decisions)
        return plan.wake_ns

    def pass_time(until_ms: int, wake_ns: int | None) -> None:
        while wake_ns is not None and wake_ns < until_ms * MS:
            wake_ns = follow(planner.wake(wake_ns), wake_ns)

    wake_ns = follow(planner.start(), 0)
    for at_ms, stream, sequence, data in sorted((at_ms, *frame, data) for frame, (at_ms, data) in arrivals.items()):
        pass_time(at_ms, wake_ns)
        wake_ns = follow(_arrives(planner, stream, sequence, at_ms, data=data, complete=data != b""), at_ms * MS)
    pass_time(60_000, wake_ns)
    assert sorted(decided) == sorted(arrivals)
