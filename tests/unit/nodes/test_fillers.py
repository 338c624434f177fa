"""The planner and frames of which slices are missing. Streams `a` and `b` at 10 Hz; `b` is sliced and may be filled from `a`."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet import sliced_frames
from simnet.nodes.fusion import FusionPlanner
from simnet.nodes.fusion_setup import FusionSetup
from simnet.nodes.schedule import Schedule
from simnet.nodes.side_selection import SideSource
from simnet.records import FusionConfig, Outcome, StreamConfig
from simnet.records.grants import Decision, Delivery

MS = 1_000_000
SLICES = 4


def planner(concealment: str, sides: tuple[str, ...] = ("a",)) -> FusionPlanner:
    schedule = Schedule(0, 100 * MS, 2000 * MS)
    first = StreamConfig("a", "jpeg", encode_ns=10 * MS, decode_ns=20 * MS)
    second = replace(first, name="b", side_information=sides, slices=SLICES, concealment=concealment)
    sources = {name: SideSource(name, schedule, 30 * MS, 20 * MS) for name in "ab"}
    fusion = FusionConfig("f", wait_ns=0, max_age_ns=150 * MS)
    setup = FusionSetup(fusion, {"a": first, "b": second}, sources, 2000 * MS)
    return FusionPlanner(setup, lambda *_: True)


def arrives(planner: FusionPlanner, stream: str, sequence: int, missing: int = 0, late_ms: int = 0) -> Decision:
    parts = [b""] * missing + [b"slice"] * (SLICES - missing)
    data = b"data" if stream == "a" else sliced_frames.pack(sequence, 9, 1, parts)
    at_ns = (100 * sequence + 50 + (5 if stream == "b" else -20) + late_ms) * MS
    plan = planner.deliver(Delivery(stream, sequence, at_ns, at_ns, not missing, 1040, 4, missing, 0, data))
    (decision,) = plan.decisions
    return decision


def filled(decision: Decision) -> list[tuple[str, int, int]]:
    return [(each.source, each.sequence, each.age_ns // MS) for each in decision.fillers]


def test_partial_frame_is_filled_from_its_own_last_pictures_and_the_side_picture() -> None:
    own = planner("side")
    for sequence in range(3):
        assert arrives(own, "a", sequence).outcome is Outcome.DECODED
        assert arrives(own, "b", sequence).concealed == 0
    arrives(own, "a", 3)
    decision = arrives(own, "b", 3, missing=1)
    assert (decision.outcome, decision.concealed) == (Outcome.CONCEALED, 0.25)
    assert filled(decision) == [("b", 2, 100), ("b", 1, 200), ("a", 3, 0)]


@pytest.mark.parametrize(("concealment", "own"), [("none", [1]), ("previous", [1, 0])])
def test_other_cameras_fill_only_where_the_scenario_says_so(concealment: str, own: list[int]) -> None:
    fusion = planner(concealment)
    for sequence in range(2):
        arrives(fusion, "a", sequence)
        arrives(fusion, "b", sequence)
    arrives(fusion, "a", 2)
    assert [name for name, *_ in filled(arrives(fusion, "b", 2, missing=2))] == ["b"] * len(own)


def test_frame_of_which_nothing_arrived_is_lost_unless_it_is_predicted() -> None:
    for concealment, outcome in (("none", Outcome.LOST), ("previous", Outcome.CONCEALED), ("side", Outcome.CONCEALED)):
        fusion = planner(concealment)
        arrives(fusion, "b", 0)
        decision = arrives(fusion, "b", 1, missing=SLICES)
        assert decision.outcome is outcome
        assert (decision.ready_ns is None) == (outcome is Outcome.LOST)


def test_concealed_picture_serves_no_frame_but_fills_the_next() -> None:
    fusion = planner("previous", ("previous",))
    arrives(fusion, "b", 0)
    assert [side.sequence for side in arrives(fusion, "b", 1, missing=1).sides] == [0]
    later = arrives(fusion, "b", 2, missing=1)
    assert later.sides == ()  # frame 1 is concealed, frame 0 too old
    assert filled(later) == [("b", 1, 100), ("b", 0, 200)]


def test_partial_frame_waits_for_side_pictures_no_longer_than_its_deadline_allows() -> None:
    fusion = planner("side")
    fusion.setup = replace(fusion.setup, config=replace(fusion.setup.config, wait_ns=150 * MS))
    data = sliced_frames.pack(0, 9, 1, [b"", b"slice", b"slice", b"slice"])
    plan = fusion.deliver(Delivery("b", 0, 100 * MS, 100 * MS, False, 1040, 4, 1, 0, data))
    assert plan.decisions == ()
    assert plan.wake_ns == (200 - 20 - 20) * MS  # a side picture is decoded for 20 ms, and so is this frame
    (decision,) = fusion.wake(plan.wake_ns).decisions
    assert (decision.outcome, decision.sides) == (Outcome.CONCEALED, ())


def test_late_frame_stays_late_and_says_what_is_concealed() -> None:
    decision = arrives(planner("previous"), "b", 0, missing=1, late_ms=300)
    assert (decision.outcome, decision.concealed) == (Outcome.LATE, 0.25)


@settings(max_examples=50)
@given(st.sampled_from(("none", "previous", "side")), st.lists(st.integers(0, SLICES), min_size=1, max_size=12))
def test_planner_that_takes_over_decides_the_same(concealment: str, losses: list[int]) -> None:
    one, told = planner(concealment), []
    for sequence, missing in enumerate(losses):
        other = planner(concealment)
        other.restore(one.state)
        for stream in "ab":
            count = missing if stream == "b" else 0
            told.append(arrives(other, stream, sequence, count))
            assert arrives(one, stream, sequence, count) == told[-1]
    assert [each.concealed * SLICES for each in told[1::2] if each.ready_ns] == [
        missing for missing in losses if missing < SLICES or concealment != "none"
    ]
