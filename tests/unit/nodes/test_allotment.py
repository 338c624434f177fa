"""Allotment of bit rates: the problem that is solved, and the allotter around it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simnet.nodes import allotment_problem, camera
from simnet.nodes.allotment import SILENT_PERIODS, Allotter
from simnet.nodes.allotment_problem import Demand, Resource, rounded_down, solve
from simnet.nodes.allotment_setup import AllotmentSetup
from simnet.nodes.camera import CameraSetup, EncodedFrame
from simnet.nodes.rate_state import RateSetup
from simnet.records import (
    SECOND_NS,
    CameraConfig,
    FusionConfig,
    LinkConfig,
    MediumConfig,
    NodeConfig,
    RateConfig,
    Scenario,
    StreamConfig,
    Trajectory,
    WorldConfig,
)
from simnet.records.allotment_config import AllotmentConfig, AllottedConfig
from simnet.records.grants import Capture, Decision, Delivery, Feedback, SideChange, SideChoice
from simnet.records.outcome import Outcome

CELL_BPS = 300e3
LEAST_BPS = 4e3
DEMAND = Demand(164e3, 5.0, 40, 1460, LEAST_BPS, 2e6)
NAMES = ("anchor/view", "cam_1/view", "cam_2/view")


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Demand], list[Resource]]:
    count = draw(st.integers(1, 5))
    demands = [
        replace(
            DEMAND,
            pixels_per_s=draw(st.sampled_from([40e3, 164e3, 2e6])),
            min_bps=draw(st.sampled_from([1e3, 4e3, 20e3])),
            max_bps=draw(st.sampled_from([20e3, 100e3, 5e6])),
            anchor=draw(st.sampled_from([None, *range(at)])) if at else None,
            gain_db=draw(st.floats(0, 6)),
        )
        for at in range(count)
    ]
    bandwidths = st.floats(5e3, 5e6)
    resources = [
        Resource(tuple(1 / draw(bandwidths) for _ in demands), draw(st.floats(0.1, 1)))
        for _ in range(draw(st.integers(0, 2)))
    ]
    return demands, resources


def _used(rates: list[int], resource: Resource) -> float:
    return sum(rate * cost for rate, cost in zip(rates, resource.costs, strict=True)) / resource.share


@given(problems(), st.sampled_from(["mean", "minimum", "equal"]))
@settings(max_examples=20, deadline=None)
def test_allotments_keep_shares_bounds_and_steps(problem: tuple[list[Demand], list[Resource]], objective: str) -> None:
    demands, resources = problem
    rates = solve(demands, resources, objective)
    least = [math.ceil(demand.min_bps) for demand in demands]
    for rate, low, demand in zip(rates, least, demands, strict=True):
        assert low <= rate <= max(low, demand.max_bps)
        assert rate in {low, math.floor(demand.max_bps)} or rate == rounded_down(rate + 1)
    for resource in resources:
        assert _used(rates, resource) <= max(1.0, _used(least, resource)) + 1e-9
    assert solve(demands, resources, objective) == rates


def test_anchor_is_sent_well_and_those_who_gain_thinly() -> None:
    cell = [Resource((1 / CELL_BPS,) * 4, 0.9)]
    served = [replace(DEMAND, anchor=0, gain_db=3.0)] * 3
    anchor, *others = solve([DEMAND, *served], cell)
    assert anchor > 2.5 * others[0]
    assert sum([anchor, *others]) > 0.96 * 0.9 * CELL_BPS
    assert len(set(solve([DEMAND, *[replace(each, gain_db=0.0) for each in served]], cell))) == 1


def test_mean_takes_equal_time_of_a_cell_and_minimum_equal_rates() -> None:
    cell = [Resource((1 / 2e6, 1 / 2e5), 0.9)]
    near, far = solve([DEMAND] * 2, cell, "mean")
    assert near / far == pytest.approx(10, rel=0.03)
    near, far = solve([DEMAND] * 2, cell, "minimum")
    assert near / far == pytest.approx(1, rel=0.02)


def test_better_of_both_problems_is_taken() -> None:
    """An anchor behind a slow link is not worth what its being finest would cost."""
    slow = [Resource((1 / 10e3, 0.0), 1.0), Resource((0.0, 1 / 500e3), 1.0)]
    _, served = solve([DEMAND, replace(DEMAND, anchor=0, gain_db=0.5)], slow)
    assert served > 450e3


@given(st.floats(1, 1e9))
def test_rounding_goes_down_by_a_step_at_the_most(rate: float) -> None:
    rounded = rounded_down(rate)
    assert rounded <= rate * (1 + 1e-6)
    assert rounded > rate / 2 ** (1 / allotment_problem.STEPS_PER_OCTAVE) - 1.001


def _scenario() -> Scenario:
    """Three cameras in one cell of 300 kbit/s; the first serves the others."""
    place = Trajectory(((0.0, 0.0, 2.0),))

    def node(name: str) -> NodeConfig:
        return NodeConfig(name, place, (CameraConfig(f"{name}/view", 256, 128, SECOND_NS // 5, 80.0, place),))

    def stream(name: str) -> StreamConfig:
        rate = RateConfig("allotted", quality=0.25, allotted=AllottedConfig(LEAST_BPS, 2e6))
        sides = () if name == NAMES[0] else (NAMES[0],)
        return StreamConfig(name, "atn", rate=rate, side_information=sides)

    nodes = [name.partition("/")[0] for name in NAMES]
    return Scenario(
        name="cell",
        purpose="",
        seed=1,
        duration_ns=60 * SECOND_NS,
        world=WorldConfig("rendered"),
        nodes=(*map(node, nodes), NodeConfig("box", place)),
        links=tuple(LinkConfig(f"up_{name}", name, "box", CELL_BPS, medium="tower") for name in nodes),
        streams=tuple(map(stream, NAMES)),
        fusion=FusionConfig("box", deadline_ns=400_000_000, allotment=AllotmentConfig()),
        media=(MediumConfig("tower", "cell", at="box"),),
    )


def _allotter() -> Allotter:
    setup = AllotmentSetup.of(_scenario())
    assert setup is not None
    return Allotter(setup)


def _rates(feedback: tuple[Feedback, ...]) -> dict[str, int]:
    return {each.stream: each.allotted_bps or 0 for each in feedback}


def _arrived(name: str, sequence: int, at_ns: int, size: int = 900, late_ns: int = 0, whole: bool = True) -> Delivery:
    data = b"x" * size if whole else b""
    return Delivery(
        name, sequence, at_ns, at_ns - 50_000_000 - late_ns, whole, size + 40, 1, 0 if whole else 1, 0, data
    )


Event = tuple[int, int, int, bool]
"""Stream, size, lateness in ms, whether the frame is whole."""


def _play(allotter: Allotter, seconds: list[list[Event]], restart_at: int | None = None) -> list[dict[str, int]]:
    found = [_rates(allotter.act(0))]
    for second, events in enumerate(seconds):
        for sequence, (at, size, late_ms, whole) in enumerate(events):
            name, now_ns = NAMES[at], second * SECOND_NS + 1000 * sequence + 1
            allotter.on_delivery(_arrived(name, sequence, now_ns, size, late_ms * 1_000_000, whole))
            if at and whole:
                sides = (SideChoice(NAMES[0], sequence, 0),)
                ready = Decision(name, 1000 * second + sequence, Outcome.DECODED, now_ns, now_ns + 1, sides)
                allotter.on_decisions([ready])
        if second == restart_at:
            state, allotter = allotter.state, _allotter()
            allotter.restore(state)
        changes = [SideChange(NAMES[1], 1000 * second + sequence, 9_000_000) for sequence in range(len(events))]
        found.append(_rates(allotter.act((second + 1) * SECOND_NS, changes)))
    return found


events = st.tuples(st.integers(0, 2), st.integers(20, 4000), st.sampled_from([0, 0, 300, 900]), st.booleans())


@given(st.lists(st.lists(events, max_size=6), min_size=1, max_size=4), st.integers(0, 3))
@settings(max_examples=8, deadline=None)
def test_whatever_arrives_allotments_fit_and_repeat(seconds: list[list[Event]], restart_at: int) -> None:
    """Streams may be silent, late or broken, and fusion may be taken over in between."""
    first = _play(_allotter(), seconds)
    for rates in first:
        assert set(rates) == set(NAMES)
        assert min(rates.values()) >= LEAST_BPS
        assert sum(rates.values()) <= max(0.9 * CELL_BPS, LEAST_BPS * len(NAMES))
    assert _play(_allotter(), seconds) == first
    assert _play(_allotter(), seconds, restart_at) == first


def test_silent_stream_gets_its_least_rate_until_it_is_heard() -> None:
    heard = [(0, 900, 0, True), (1, 900, 0, True)]
    all_of_them = [*heard, (2, 900, 0, True)]
    rates = _play(_allotter(), [all_of_them, heard, heard, heard, all_of_them])
    assert SILENT_PERIODS == 2
    assert rates[2]["cam_2/view"] > LEAST_BPS
    assert rates[3]["cam_2/view"] == rates[4]["cam_2/view"] == LEAST_BPS
    assert rates[5]["cam_2/view"] > LEAST_BPS


def test_late_frames_cut_the_share_and_it_recovers() -> None:
    late = [(at, 900, 900, True) for at in range(3)]
    fine = [(at, 900, 0, True) for at in range(3)]
    sums = [sum(rates.values()) for rates in _play(_allotter(), [late, late, *[fine] * 10])]
    assert sums[2] < 0.8 * sums[0]
    assert sums[-1] == pytest.approx(sums[0], rel=0.03)


def test_side_information_that_changes_nothing_earns_nothing() -> None:
    frames = [(0, 3000, 0, True), (1, 500, 0, True), (2, 500, 0, True)]
    allotter = _allotter()
    ratios = []
    for second in range(12):
        rates = _rates(allotter.act(second * SECOND_NS, [SideChange(NAMES[at], second, 1000) for at in (1, 2)]))
        ratios.append(rates[NAMES[0]] / rates[NAMES[1]])
        for at, size, _, _ in frames:
            now_ns = second * SECOND_NS + 1
            allotter.on_delivery(_arrived(NAMES[at], second, now_ns, size))
            if at:
                sides = (SideChoice(NAMES[0], second, 0),)
                allotter.on_decisions([Decision(NAMES[at], second + 1, Outcome.DECODED, now_ns, now_ns, sides)])
    assert ratios[0] > 2
    assert ratios[-1] < 1.3


def test_camera_keeps_the_rate_that_it_is_allotted() -> None:
    config = RateConfig("allotted", quality=0.25, allotted=AllottedConfig())
    setup = CameraSetup(RateSetup(config, SECOND_NS // 5, 1460, 40), 15_000_000)
    state, sizes, qualities = camera.start(setup), [], []

    def encode(quality: float, key: bool) -> EncodedFrame:
        return EncodedFrame(bytes(round(60 * np.exp(4.5 * quality))), quality, key)

    for sequence in range(60):
        told = [(1, 40_000), (30, 120_000)]
        feedback = tuple(Feedback.allotment("a", 0, rate) for at, rate in told if at == sequence)
        now_ns = sequence * SECOND_NS // 5
        state, coded = camera.step(setup, state, Capture("a", sequence, now_ns, feedback), encode)
        sizes.append(setup.rate.link_bytes(len(coded.data)))
        qualities.append(coded.quality)
    assert max(qualities) < 1
    assert sum(sizes[5:30]) * 8 / 5 == pytest.approx(40_000, rel=0.06)
    assert sum(sizes[35:]) * 8 / 5 == pytest.approx(120_000, rel=0.06)
