"""Required bandwidths, intervals and distributions of a sweep, on numbers that are known by hand."""

import math
from pathlib import Path

import pytest

from simnet.report import mean_interval
from simnet.report.mean_interval import Mean, mean
from simnet.report.sweeps import (
    required_bandwidth,
    sweep_tables,
)
from simnet.report.sweeps.confidence import MeasuredInterval, ratio, within
from simnet.report.sweeps.differences import against
from simnet.report.sweeps.histogram import Histogram
from simnet.report.sweeps.required_bandwidth import Requirement, need
from support.sweep_views import first_view, page_of


def test_bd_rates_match_the_constructed_ratios(whole: Path) -> None:
    receiver, _, encoder, _ = against(first_view(whole), "hevc")["atn"]
    assert receiver.percent == pytest.approx(100 * (155 / 250 - 1))
    assert receiver.low == pytest.approx(receiver.high)
    assert encoder.percent == pytest.approx(-50)
    assert against(first_view(whole), "atn")["hevc"][0].percent == pytest.approx(100 * (250 / 155 - 1))


def test_seed_bands_are_students_t_intervals(whole: Path) -> None:
    spot = first_view(whole).curves["hevc"][1]
    found = spot.mean("shown_psnr_db")
    assert spot.x == 200
    assert found
    assert found.value == pytest.approx(30 + 5 * math.log2(200 / 250))
    # Three seeds 0.2 dB apart: s = 0.2, t(2) = 4.303.
    assert found.half_width == pytest.approx(4.3027 * 0.2 / math.sqrt(3), rel=1e-4)


def test_required_bandwidth_is_interpolated_between_neighbours(whole: Path) -> None:
    view = first_view(whole)
    table = next(each for each in sweep_tables.needed(view) if "PSNR" in each.caption)
    cell = dict(zip(table.columns, next(row for row in table.rows if row[0] == "hevc"), strict=True))["30 dB"]
    assert isinstance(cell, str)
    assert float(cell.split()[0]) == pytest.approx(250, rel=0.005)
    least = required_bandwidth.needs(view, "hevc", "shown_psnr_db", 20)
    assert {each.kind for each in least.values()} == {required_bandwidth.AT_MOST}
    assert {each.kind for each in required_bandwidth.needs(view, "hevc", "shown_psnr_db", 45).values()} == {
        required_bandwidth.NOT_REACHED
    }


@pytest.mark.parametrize(
    ("ys", "expected"),
    [
        ([20.0, 30.0, 40.0], Requirement(required_bandwidth.FOUND, pytest.approx(100 * math.sqrt(2)))),
        ([20.0, None, 40.0], Requirement(required_bandwidth.UNKNOWN)),
        ([None, 30.0, 40.0], Requirement(required_bandwidth.AT_MOST, 200)),
        ([20.0, 22.0, 24.0], Requirement(required_bandwidth.NOT_REACHED, 400)),
        # Above, then below again: what is kept from there on counts.
        ([26.0, 20.0, 30.0], Requirement(required_bandwidth.FOUND, pytest.approx(200 * math.sqrt(2)))),
        ([None, None, None], Requirement(required_bandwidth.UNKNOWN)),
        # Nobody knows what the missing cell above would have reached.
        ([20.0, 22.0, None], Requirement(required_bandwidth.UNKNOWN)),
    ],
)
def test_nothing_is_extrapolated_beyond_points_or_gaps(ys: list[float | None], expected: Requirement) -> None:
    assert need([100, 200, 400], ys, 25.0) == expected


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (2000, 32.0, Requirement(required_bandwidth.BETWEEN, 2000, 400)),
        # A step of 2.5, or a rise of 6 dB, is still read along a line.
        (1000, 32.0, Requirement(required_bandwidth.FOUND, pytest.approx(400 * 2.5**0.75))),
        (2000, 22.0, Requirement(required_bandwidth.FOUND, pytest.approx(400 * 5 ** (4 / 6)))),
    ],
)
def test_curve_is_not_interpolated_over_a_cliff(x: float, y: float, expected: Requirement) -> None:
    assert need([200, 400, x], [10.0, 16.0, y], 28.0 if y > 28 else 20.0) == expected


def test_interval_is_clipped_to_measured_bandwidths() -> None:
    wide, narrow = Mean(math.log(600), math.log(10), 3), Mean(math.log(600), math.log(1.1), 3)
    assert within(wide, 200, 800) == MeasuredInterval(200, 800, low_cut=True, high_cut=True)
    inside = within(narrow, 200, 800)
    assert inside
    assert (inside.low, inside.high) == (pytest.approx(600 / 1.1), pytest.approx(660))
    assert not inside.low_cut
    assert not inside.high_cut
    assert within(Mean(1.0, None, 1), 200, 800) is None


def test_needed_ratio_stays_within_both_measured_ranges() -> None:
    own = {seed: Requirement(required_bandwidth.FOUND, value) for seed, value in enumerate((210, 790, 400))}
    other = {seed: Requirement(required_bandwidth.FOUND, value) for seed, value in enumerate((700, 210, 400))}
    found = ratio(own, other, (200, 800), (200, 800))
    assert found
    assert found.is_tie
    assert found.interval == MeasuredInterval(pytest.approx(-75), pytest.approx(300), low_cut=True, high_cut=True)


def test_single_value_has_no_interval() -> None:
    assert mean([3.0]) == mean([3.0, None])
    only = mean([3.0])
    assert only
    assert only.half_width is None
    assert mean([None]) is None


def test_latency_distributions_match_the_rows() -> None:
    latency = Histogram()
    latency.count([10, 10, 51, 5000])
    assert latency.quantile(0.5) == pytest.approx(11, abs=1)
    x, y = latency.steps(8)
    assert (x[0], y[0], y[-1]) == (10, 0, 50)
    assert y == sorted(y)
    age = Histogram()
    age.spread([(50, 100), (50, 100)])
    assert age.total == pytest.approx(200)
    assert age.quantile(0.25) == pytest.approx(75, abs=0.1)
    assert age.quantile(0.95) == pytest.approx(145, abs=0.1)


def test_gain_falls_with_age_as_constructed(whole: Path) -> None:
    line = page_of(whole).plots["gain-age"]["data"][0]
    assert (line["name"], line["x"]) == ("atn", [0, 100, 200])
    assert line["y"] == pytest.approx([1.5, 1.0, 0.5])


def test_known_quantiles_of_student_are_what_scipy_finds() -> None:
    from scipy.special import stdtrit

    found = [mean_interval.student_975(degrees) for degrees in range(1, 30)]
    assert found == pytest.approx([stdtrit(degrees, 0.975) for degrees in range(1, 30)], rel=1e-12)
