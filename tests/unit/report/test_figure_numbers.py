"""The arithmetic behind tables and figures: gain intervals, time bins, places, colours, words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.records import LinkConfig, NodeConfig, Trajectory
from simnet.report import (
    formatting,
    site_plan,
    time_bins,
)
from simnet.report.figures.figure import LIMIT, NEUTRAL, OUTCOME_COLOURS, PALETTE
from simnet.report.mean_interval import batch_half_width
from simnet.tracks import poses

values = st.floats(min_value=-100, max_value=100)


@given(st.lists(values, max_size=3))
def test_too_few_frames_have_no_interval(few: list[float]) -> None:
    assert batch_half_width(few) is None


def test_interval_coverage_matches_its_level() -> None:
    rng = np.random.default_rng(1)
    # Neighbours correlate by 0.6, as consecutive frames do; the plain standard error would cover about 67 %.
    covered = 0
    for _ in range(400):
        noise = rng.normal(size=400)
        frames = [noise[0] / 0.8]
        for step in noise[1:]:
            frames.append(0.6 * frames[-1] + step)
        width = batch_half_width(frames)
        assert width is not None
        covered += abs(float(np.mean(frames))) <= width
    assert 0.90 <= covered / 400 <= 0.99


@given(
    st.lists(st.tuples(st.integers(0, 10**11 - 1), st.integers(0, 10**6)), max_size=50),
    st.sampled_from([0.1, 0.5, 1.0, 7.0]),
)
def test_bins_preserve_totals(events: list[tuple[int, int]], width_s: float) -> None:
    virtual_s = 99.3
    rates = time_bins.per_second(events, lambda event: event[0], lambda event: event[1], virtual_s, width_s)
    starts = time_bins.bin_starts_s(virtual_s, width_s)
    spans = [min(width_s, virtual_s - start) for start in starts]
    assert all(span > 0 for span in spans)
    assert sum(spans) == pytest.approx(virtual_s)
    total = sum(rate * span for rate, span in zip(rates, spans, strict=True))
    assert total == pytest.approx(sum(amount for _, amount in events), abs=0.01 * len(starts))


@given(st.floats(min_value=0.01, max_value=1e6))
def test_run_of_any_length_has_few_bins(virtual_s: float) -> None:
    assert 1 <= len(time_bins.bin_starts_s(virtual_s, time_bins.bin_width_s(virtual_s, 0.0))) <= 241


@given(st.lists(values, min_size=1, max_size=2000))
def test_cumulative_share_ends_at_the_largest_value(some: list[float]) -> None:
    x, y = time_bins.cumulative(some, 2 * len(some))
    assert x[-1] == pytest.approx(max(some), abs=1e-3)
    assert y[-1] == 50
    assert y == sorted(y)
    assert x == sorted(x)


points = st.tuples(*[st.floats(min_value=-500, max_value=500).map(lambda value: round(value, 2))] * 3)


@given(
    st.lists(points, min_size=1, max_size=5, unique=True),
    st.floats(min_value=0, max_value=40),
    st.floats(min_value=-60, max_value=60),
    st.integers(min_value=0, max_value=10**11),
)
def test_node_positions_match_the_world(
    way: list[tuple[float, float, float]], speed: float, offset: float, t_ns: int
) -> None:
    trajectory = Trajectory(tuple(way), speed, offset)
    assert site_plan.position_m(trajectory, t_ns) == pytest.approx(poses.position(trajectory, t_ns), abs=1e-4)


def test_sampled_path_passes_its_corners() -> None:
    corner = Trajectory(((0, 0, 0), (10, 0, 0), (10, 10, 0)), speed_mps=3.0)
    assert site_plan.path_m(corner, 5_000_000_000) == [(0, 0, 0), (10, 0, 0), (10, 5, 0)]


@pytest.mark.parametrize(("x", "expected"), [(0, 1e6), (40, 1e6), (40.1, 2e5), (90, 2e5), (91, 0)])
def test_capacity_falls_with_distance(x: float, expected: float) -> None:
    nodes = [NodeConfig("a", Trajectory(((0, 0, 0),))), NodeConfig("b", Trajectory(((x, 0, 0),)))]
    assert site_plan.capacity_bps(LinkConfig("up", "a", "b", 5.0, ladder=((40, 1e6), (90, 2e5))), nodes, 0) == expected


@pytest.mark.parametrize("colour", [*PALETTE, NEUTRAL, LIMIT, *OUTCOME_COLOURS.values()])
@pytest.mark.parametrize("ground", ["#ffffff", "#171c23"])
def test_colours_contrast_with_both_backgrounds(colour: str, ground: str) -> None:
    light, dark = sorted((_luminance(colour), _luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_numbers_are_formatted_and_missing_ones_marked() -> None:
    assert formatting.number(None) == formatting.number(math.nan, 2, "dB") == formatting.signed(None) == "-"
    assert (
        formatting.percent(1, 0)
        == formatting.percent(None, 5)
        == formatting.bit_rate(None)
        == formatting.milliseconds(None)
        == "-"
    )
    assert formatting.number(1234567.891, 1) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567.9"
    assert formatting.number(0, 1, "dB") == "0.0 dB"
    assert (formatting.bit_rate(400e3), formatting.bit_rate(20e6), formatting.milliseconds(12_500_000)) == (
        "400 kbit/s",
        "20 Mbit/s",
        "12.5 ms",
    )
