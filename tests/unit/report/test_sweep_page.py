"""A sweep's page says what its cells say, no more: on curves whose differences are known by hand."""

import dataclasses
import gzip
import json
import math
import re
import shutil
from base64 import b64decode
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from simnet import cli, report
from simnet.errors import InputError
from simnet.records import CameraConfig, Trajectory
from simnet.report.mean_interval import Mean, mean
from simnet.report.sweeps import (
    displayed_gallery,
    overlap,
    required_bandwidth,
    samples,
    sweep_tables,
    verdict,
    views,
)
from simnet.report.sweeps.comparison_grid import ComparedFolder, grid
from simnet.report.sweeps.confidence import MeasuredInterval, ratio, within
from simnet.report.sweeps.differences import against
from simnet.report.sweeps.histogram import Histogram
from simnet.report.sweeps.required_bandwidth import Requirement, need
from simnet.report.sweeps.views import PageView
from simnet.runfolder import sweep_reader
from simnet.tracks.poses import Pose
from support import run_folders
from support import sweep_folders as made
from support.pages import Page


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two codecs at four bandwidths, three seeds, with pictures."""
    return made.sweep(tmp_path_factory.mktemp("sweep"), pictures=True)


@pytest.fixture
def changed(whole: Path, tmp_path: Path) -> Path:
    """A copy of the sweep to take things from."""
    return shutil.copytree(whole, tmp_path / "sweep")


def every_view(folder: Path) -> list[PageView]:
    return views.views(samples.read(grid([ComparedFolder("", sweep_reader.read(folder), str(folder))])))


def first_view(folder: Path) -> PageView:
    return every_view(folder)[0]


def said(folder: Path) -> str:
    return " ".join(verdict.verdict(first_view(folder)))


def page_of(folder: Path) -> Any:
    return Page(report.write(folder))


# --- the numbers ---------------------------------------------------------------------------------


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


# --- the verdict ---------------------------------------------------------------------------------


def test_verdict_states_savings_with_their_interval(whole: Path) -> None:
    words = said(whole)
    assert re.search(r"For 30 dB at the receiver, atn needs 38 % less bandwidth than hevc \(95 % interval", words)
    assert "over 3 seeds" in words
    assert "A small sample: 3 seeds" in words


def test_verdict_names_codecs_that_meet_the_deadline(whole: Path) -> None:
    # 60 and 120 ms at 1000 kbit/s: within 200 ms from 300 and from 600 kbit/s on; measured were 400 and 800.
    words = said(whole)
    assert "95 % of the frames are there within 200 ms: atn from 400 kbit/s on; hevc from 800 kbit/s on." in words
    assert "At 400 kbit/s only atn does." in words


def test_verdict_states_the_gain_of_side_information(whole: Path) -> None:
    # 1.5 dB less half a dB for each 100 ms of age: ages 0, 100, 200 ms in turn; 14, 13 and 13 frames.
    worth = (14 * 1.5 + 13 * 1.0 + 13 * 0.5) / 40
    assert f"Side information is worth +{worth:.2f} dB to atn" in said(whole)
    assert "dB to hevc" not in said(whole)


def test_verdict_calls_a_tie_a_tie(tmp_path: Path) -> None:
    same = made.sweep(tmp_path, codecs=("hevc",))
    for each in list(sweep_reader.read(same).points):
        other = dataclasses.replace(each, codec="other", point=f"o{each.point}", cell=f"o{each.cell}")
        made.ask(same, other)
        shutil.copytree(same / "cells" / each.cell, same / "cells" / other.cell)
    # The luck of seeds is no longer the same for both.
    swap_seeds(same, "other")
    words = said(same)
    assert "dB is sure between" in words
    assert "less bandwidth than" not in words


def swap_seeds(folder: Path, codec: str) -> None:
    """Give a codec's cells of seed 1 to seed 2, and the other way round."""
    found = {(point.settings, point.seed): point for point in sweep_reader.read(folder).points if point.codec == codec}
    for (settings, seed), point in found.items():
        if seed in {1, 2}:
            made.ask(folder, dataclasses.replace(point, cell=found[settings, 3 - seed].cell))


def test_single_seed_is_stated_without_interval(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, seeds=(0,))
    words = said(folder)
    assert "38 % less bandwidth than hevc (one seed)" in words
    assert "One seed: nothing here has an interval" in words
    assert "95 % interval" not in words
    page = page_of(folder)
    assert not any("fill" in trace for trace in page.plots["psnr-offered"]["data"])
    assert "One seed: no interval can be given." in page.text


def test_single_codec_has_no_comparison(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, codecs=("hevc",))
    assert "There is one curve, hevc: nothing to compare." in said(folder)
    page = page_of(folder)
    assert "There are no two curves to compare." in page.text
    assert "BD-rate against hevc" not in page.tables


def test_single_bandwidth_compares_quality_there(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, kbit_s=(400,))
    more = 5 * math.log2(250 / 155)
    assert f"{more:.2f} dB more than hevc (95 % interval" in said(folder)
    assert "At 400 kbit/s, atn delivers" in said(folder)
    assert "Bandwidth was not swept, so what a quality needs of it cannot be read off." in page_of(folder).text


def test_disjoint_curves_have_a_reason_and_no_number(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, codecs=("hevc",), kbit_s=(100, 125, 150, 175))
    for rate in (100, 125, 150, 175):
        for seed in range(3):
            each = made.ask(folder, made.point("atn", seed, {made.BANDWIDTH: f"{rate:g}kbit/s"}))
            made.cell(folder, each, rate, lift_db=20)
    found = against(first_view(folder), "hevc")["atn"][0]
    assert found.percent is None
    assert "no overlap" in found.reason
    words = said(folder)
    assert "less bandwidth" not in words
    assert "atn has it at 100 kbit/s, the lowest measured, already." in words or "hevc does not reach it" in words
    assert "no overlap" in page_of(folder).text


def needed_cell(folder: Path, curve: str, level: str) -> str:
    table = next(each for each in sweep_tables.needed(first_view(folder)) if "PSNR" in each.caption)
    cell = dict(zip(table.columns, next(row for row in table.rows if row[0] == curve), strict=True))[level]
    assert isinstance(cell, str)
    return cell.replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_cliff_gives_two_bandwidths_without_percentage(tmp_path: Path) -> None:
    # 5 dB a doubling: from 80 to 320 kbit/s quality rises by 10 dB, and both curves cross 30 dB in between.
    folder = made.sweep(tmp_path, kbit_s=(80, 320), seeds=(0, 2))
    words = said(folder)
    assert "For 30 dB at the receiver, atn needs between 80.0 and 320 kbit/s (over 2 seeds" in words
    assert "(between 80.0 and 320 kbit/s) is not known: bandwidths there are measured too far apart." in words
    assert "bandwidth than" not in words
    assert needed_cell(folder, "hevc", "30 dB") == "80.0 … 320"


def test_disjoint_brackets_give_the_least_saving(tmp_path: Path) -> None:
    rates = (10, 30, 100, 800)
    folder = made.sweep(tmp_path, codecs=("hevc",), kbit_s=rates)
    for rate in rates:
        for seed in range(3):
            each = made.ask(folder, made.point("atn", seed, {made.BANDWIDTH: f"{rate:g}kbit/s"}))
            made.cell(folder, each, rate, lift_db=15)
    # 30 dB at 155 kbit/s less three doublings, and at 250 kbit/s: from 10 to 30, and from 100 to 800.
    words = said(folder)
    assert (
        "For 30 dB at the receiver, atn needs at least 70 % less bandwidth than hevc (between 100 and 800 kbit/s)."
        in words
    )
    assert "It needs between 10.0 and 30.0 kbit/s a stream (over 3 seeds" in words


# --- what is not there ---------------------------------------------------------------------------


def test_missing_bandwidth_is_a_gap(changed: Path) -> None:
    for each in sweep_reader.read(changed).points:
        if each.codec == "hevc" and each.settings[0][1] == "200kbit/s":
            shutil.rmtree(changed / "cells" / each.cell)
    page = page_of(changed)
    line = next(t for t in page.plots["psnr-offered"]["data"] if t["name"] == "hevc" and "fill" not in t)
    assert line["x"] == [100, 200, 400, 800]
    assert line["y"][1] is None
    assert line["connectgaps"] is False
    bands = [t for t in page.plots["psnr-offered"]["data"] if t["name"] == "hevc" and "fill" in t]
    assert all(200 not in band["x"] and not (100 in band["x"] and 400 in band["x"]) for band in bands)
    table = next(own for caption, own in page.tables.items() if " needed for " in caption and "PSNR" in caption)
    hevc = dict(zip(table[0], next(row for row in table[1:] if row[0] == "hevc"), strict=True))
    # 30 dB lies between the missing 200 and 400.
    assert hevc["30 dB"] == "not known: a cell is missing"
    assert "24 cells 3 are not there (3 not run)" in page.text
    assert any("missing" in row[1] for row in page.tables["Cells that are not there"][1:])


def test_curve_may_reach_its_missing_highest_bandwidth(changed: Path) -> None:
    for each in sweep_reader.read(changed).points:
        if each.codec == "hevc" and each.settings[0][1] != "100kbit/s":
            shutil.rmtree(changed / "cells" / each.cell)
    assert "Whether hevc reaches it is not known: a cell is missing." in said(changed)
    assert needed_cell(changed, "hevc", "30 dB") == "not known: a cell is missing"


def test_unrequested_bandwidth_is_not_missing(changed: Path) -> None:
    for each in sweep_reader.read(changed).points:
        if each.codec == "hevc" and each.settings[0][1] != "100kbit/s":
            (changed / "asked" / f"{each.point}.json").unlink()
    assert "hevc does not reach it at any bandwidth measured, up to 100 kbit/s." in said(changed)


def test_failed_cell_shows_its_reason(changed: Path) -> None:
    failed = next(each for each in sweep_reader.read(changed).points if each.codec == "hevc" and each.seed == 2)
    shutil.rmtree(changed / "cells" / failed.cell)
    made.ask(changed, dataclasses.replace(failed, failed="links.uplink_0: its <queue> is full"))
    page = page_of(changed)
    assert (
        page.row("Cells that are not there", failed.label)["what became of it"]
        == "failed: links.uplink_0: its <queue> is full"
    )
    assert "(1 failed)" in page.text
    line = next(t for t in page.plots["psnr-offered"]["data"] if t["name"] == "hevc" and "fill" not in t)
    index = next(i for i, spot in enumerate(line["customdata"]) if spot[2] == 2)
    assert line["marker"]["symbol"][index].endswith("-open")
    assert line["y"][index] is not None


def test_sweep_without_results_has_a_page(changed: Path) -> None:
    shutil.rmtree(changed / "cells")
    page = page_of(changed)
    assert "No cell of this choice has been run: nothing can be said." in page.text
    assert len(page.tables["Cells that are not there"]) == 1 + 24


def test_recorded_runs_are_stated_to_lack_quality(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, kbit_s=(100, 400), seeds=(0,))
    for path in (folder / "cells").iterdir():
        for name in ("rows.parquet", "shown.parquet"):
            table = parquet.read_table(path / name)
            scores = [column for column in table.column_names if column.endswith(("psnr_db", "ms_ssim"))]
            for column in scores:
                index = table.column_names.index(column)
                table = table.set_column(index, column, pa.nulls(len(table), pa.float64()))
            parquet.write_table(table if name == "rows.parquet" else table.slice(0, 0), path / name)
    assert "No picture was scored, so there is no quality to compare." in page_of(folder).text


def test_few_frames_cause_a_remark(tmp_path: Path) -> None:
    assert "as few as 20 frames" in said(made.sweep(tmp_path, frames=10, kbit_s=(200, 400)))


def test_broken_sweep_folder_is_one_line(changed: Path, tmp_path: Path) -> None:
    each = next(each for each in sweep_reader.read(changed).points)
    (changed / "cells" / each.cell / "shown.parquet").write_bytes(b"no table, but with its end: PAR1")
    (tmp_path / "file").write_text("")
    (tmp_path / "bare").mkdir()
    written = "expected a folder that simnet run or simnet sweep wrote"
    for folder, what in (
        (changed, "shown.parquet: cannot be read .* delete .* and sweep again"),
        (tmp_path / "none", f"none: does not exist; {written}"),
        (tmp_path / "file", f"file: is no folder; {written}"),
        (tmp_path / "bare", f"bare: holds no run.json; {written}"),
    ):
        with pytest.raises(InputError, match=what) as caught:
            report.write(folder)
        assert "\n" not in str(caught.value)
    (tmp_path / "empty" / "asked").mkdir(parents=True)
    with pytest.raises(InputError, match="nothing was asked for"):
        report.write(tmp_path / "empty")


def test_truncated_cell_counts_as_missing(changed: Path) -> None:
    each = next(each for each in sweep_reader.read(changed).points)
    rows = changed / "cells" / each.cell / "rows.parquet"
    rows.write_bytes(rows.read_bytes()[:-100])
    assert "23 of 24 cells" in page_of(changed).text


# --- axes and cases ------------------------------------------------------------------------------


def test_another_numeric_key_becomes_the_axis(tmp_path: Path) -> None:
    for codec in ("atn", "hevc"):
        for loss, delay in (("1 %", "5 ms"), ("10 %", "5 ms"), ("2 %", "5 ms"), ("1 %", "50 ms")):
            each = made.ask(tmp_path, made.point(codec, 0, {"links.*.loss.mean": loss, "links.*.delay": delay}))
            made.cell(tmp_path, each, 400)
    found = grid([ComparedFolder("", sweep_reader.read(tmp_path), "")])
    assert found.axis.settings == ("1 %", "2 %", "10 %")
    assert found.axis.title == "links.*.loss.mean (%)"
    assert found.cases == ("links.*.delay=5 ms", "links.*.delay=50 ms")
    view = first_view(tmp_path)
    assert [spot.x for spot in view.curves["atn"]] == [1, 2, 10]
    page = page_of(tmp_path)
    assert "Bandwidth was not swept, so there is no rate at the receiver to compare." in page.text
    assert not any("needed for" in caption for caption in page.tables)
    assert "At links.*.loss.mean=1 %, atn delivers" in page.text
    assert "At links.*.loss.mean=1 %: atn has 95 % of the frames within 200 ms, hevc has fewer." in page.text


def test_equal_bandwidths_share_one_axis_value(tmp_path: Path) -> None:
    folder = made.sweep(tmp_path, kbit_s=(200, 400))
    for codec in ("atn", "hevc"):
        for seed in range(3):
            again = made.ask(folder, made.point(codec, seed, {made.BANDWIDTH: "0.4Mbit/s"}))
            made.cell(folder, again, 400)
    view = first_view(folder)
    assert [spot.x for spot in view.places] == [200, 400]
    assert all(len(spot.samples) == spot.asked == 3 for spot in view.curves["atn"])
    lines = verdict.verdict(view)
    assert len(set(lines)) == len(lines)
    assert "atn from 400 kbit/s on" in " ".join(lines)
    assert "12 asked for, 12 there" in page_of(folder).text


def test_numeric_looking_names_stay_categories(tmp_path: Path) -> None:
    for sequence in ("1", "01"):
        each = made.ask(tmp_path, made.point("atn", 0, {"world.sequence": sequence}))
        made.cell(tmp_path, each, 400)
    assert set(grid([ComparedFolder("", sweep_reader.read(tmp_path), "")]).axis.settings) == {"1", "01"}


def test_streams_can_be_seen_alone_or_together(whole: Path) -> None:
    assert [view.stream for view in every_view(whole)] == [views.ALL, *made.STREAMS]


def test_overlap_needs_known_camera_poses(whole: Path, tmp_path: Path) -> None:
    page = page_of(whole)
    assert page.plots["gain-overlap"]["data"][0]["x"]
    each = made.ask(tmp_path, made.point("atn", 0, {}))
    made.cell(tmp_path, each, 400, world="kitti_raw")
    page = page_of(tmp_path)
    assert "The world (kitti_raw) does not say where its cameras look" in page.text
    assert "plot-gain-overlap" not in page.ids


def test_gain_falls_with_age_as_constructed(whole: Path) -> None:
    line = page_of(whole).plots["gain-age"]["data"][0]
    assert (line["name"], line["x"]) == ("atn", [0, 100, 200])
    assert line["y"] == pytest.approx([1.5, 1.0, 0.5])


# --- the page ------------------------------------------------------------------------------------


def test_every_figure_can_be_downloaded_with_its_data(whole: Path) -> None:
    page = page_of(whole)
    assert set(page.plots) >= {
        "psnr-offered",
        "psnr-sent",
        "ms-ssim-offered",
        "ms-ssim-sent",
        "latency",
        "age",
        "outcomes",
    }
    for name, plot in page.plots.items():
        assert page.source.count(f'data-csv="plot-{name}"') == page.source.count(f'data-png="plot-{name}"') == 1
        for trace in plot["data"]:
            assert trace["meta"].get("skip") or len(trace["meta"]["columns"]) == 2 + len(
                (trace.get("customdata") or [[]])[0]
            )


def test_plotly_accepts_every_figure(whole: Path) -> None:
    from plotly import graph_objects

    page = page_of(whole)
    for choices in json.loads(re.search(r'id="choices">(.*?)</script>', page.source)[1]).values():
        for group in choices.values():
            for plot in group:
                graph_objects.Figure(data=plot["data"], layout=plot["layout"])


def test_all_rows_are_in_the_page(whole: Path) -> None:
    page = page_of(whole)
    packed = re.search(r'id="rows">(.*?)</script>', page.source)
    assert packed
    lines = gzip.decompress(b64decode(packed[1])).decode().splitlines()
    assert len(lines) == 1 + 24 * 2
    assert lines[0].startswith(f"scenario,codec,seed,{made.BANDWIDTH},stream,")


def test_page_is_small_and_fetches_nothing(whole: Path) -> None:
    page = page_of(whole)
    pictures = sum(len(found) for found in re.findall(r'"data:image/webp[^"]*"', page.source))
    assert pictures > 10_000
    assert len(page.source) - pictures < 6_000_000
    assert all(address.startswith("data:") for address in page.fetched)
    assert "Stored as WebP at quality" in page.text


def test_pictures_are_bounded_and_omissions_stated(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displayed_gallery, "BUDGET", 30_000)
    page = page_of(whole)
    pictures = re.findall(r'"data:image/webp[^"]*"', page.source)
    assert 0 < sum(map(len, pictures)) < 60_000
    assert re.search(r"at quality 45, at most 320 pixels wide: .* \d+ more did not fit\.", page.text)


def test_page_shows_how_to_repeat_the_sweep(whole: Path) -> None:
    page = page_of(whole)
    values = "100kbit/s,200kbit/s,400kbit/s,800kbit/s"
    command = f"simnet sweep platoon --set 'links.*.bandwidth={values}' --codec atn,hevc --seeds 0:2"
    for part in (command, "atn 1234abcd", "0.1.0", "Some CPU with AVX2", "24 asked for, 24 there"):
        assert part in page.text


def test_page_repeats_the_commands_of_its_cells(tmp_path: Path) -> None:
    each = made.ask(tmp_path, made.point("atn", 0, {}))
    made.cell(tmp_path, each, 400, command="simnet sweep my.yaml --codec atn --out here")
    assert "simnet sweep my.yaml --codec atn --out here" in page_of(tmp_path).text


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)>{{ 7*7 }}"
    each = made.ask(tmp_path, made.point("atn", 0, {"key": evil}, scenario=evil))
    made.cell(tmp_path, each, 400)
    made.ask(tmp_path, made.point("atn", 0, {"key": "b"}, failed=evil, scenario=evil))
    page = page_of(tmp_path)
    assert "<img src=x" not in page.source
    assert evil in page.text


# --- several folders -----------------------------------------------------------------------------


def test_two_sweeps_are_compared_on_one_page(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    better = made.sweep(tmp_path / "better", codecs=("hevc",), lift_db=1.5)
    out = tmp_path / "both.html"
    assert cli.main(["report", str(whole), str(better), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    page = Page(out)
    table = page.tables[f"Differences to {whole.name}"]
    row = dict(zip(table[0], table[1], strict=True))
    assert (row["folder"], row["codec"], row["cells in common"], row["same fingerprint"]) == (
        "better",
        "hevc",
        "12",
        "12",
    )
    assert row["PSNR dB"].startswith("+1.50")
    assert f"hevc: better and {whole.name} are the same, fingerprint by fingerprint." in page.text
    names = {trace["name"] for trace in page.plots["psnr-offered"]["data"]}
    assert names == {f"{whole.name}: atn", f"{whole.name}: hevc", "better: hevc"}


def test_differences_between_folders_have_intervals(whole: Path, tmp_path: Path) -> None:
    other = made.sweep(tmp_path / "other", codecs=("hevc",), lift_db=1.5)
    for cell in (other / "cells").iterdir():
        made.change_manifest(
            cell,
            lambda manifest: dataclasses.replace(
                manifest, summary=dataclasses.replace(manifest.summary, fingerprint="another")
            ),
        )
    page = Page(report.write(whole, other, out=tmp_path / "page.html"))
    assert (
        f"hevc: other delivers +1.50 dB against {whole.name} (95 % interval +1.50 to +1.50 dB over 3 seeds)."
        in page.text
    )
    apart = made.sweep(tmp_path / "apart", codecs=("jpeg",), seeds=(0,))
    page = Page(report.write(whole, apart, out=tmp_path / "page.html"))
    assert f"apart and {whole.name} have no cell in common" in page.text


def test_runs_can_be_compared(tmp_path: Path) -> None:
    for name, seconds in (("one", 4.0), ("two", 4.0)):
        scenario = run_folders.platoon(seconds)
        rows, bins = run_folders.rows_of(scenario), run_folders.bins_of(scenario)
        run_folders.write_run(tmp_path / name, scenario, rows, bins)
    page = Page(report.write(tmp_path / "one", tmp_path / "two", out=tmp_path / "page.html"))
    table = page.tables["Differences to one"]
    assert all(row[3] == "1" for row in table[1:])
    assert "of decoded pictures" in page.text


def test_folder_named_twice_is_refused(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="named twice"):
        report.write(whole, whole, out=tmp_path / "page.html")


# --- overlap -------------------------------------------------------------------------------------


def camera(**more: Any) -> CameraConfig:
    still = Trajectory(((0.0, 0.0, 0.0),), heading_deg=0.0)
    return dataclasses.replace(CameraConfig("car/front", 128, 128, 100_000_000, 90.0, still), **more)


def test_camera_sees_its_own_view_only() -> None:
    here, behind = Pose((0, 0, 1.5), 0, 0), Pose((0, 0, 1.5), 180, 0)
    assert overlap.view_share(camera(), here, camera(), here) == 1
    assert overlap.view_share(camera(), here, camera(), behind) == 0


def test_half_shifted_view_shares_half_the_ground() -> None:
    # From 40 m above, 90 degrees are 80 m across.
    here, further = Pose((0, 0, 40), 0, -90), Pose((0, 40, 40), 0, -90)
    assert overlap.view_share(camera(), here, camera(), further) == 0.5
    # From twice as high everything is seen; from half as high a quarter.
    assert overlap.view_share(camera(), here, camera(), Pose((0, 0, 80), 0, -90)) == 1
    assert overlap.view_share(camera(), here, camera(), Pose((0, 0, 20), 0, -90)) == 0.25


def test_wider_lens_sees_all_of_a_narrower_view() -> None:
    here = Pose((0, 0, 2), 30, -10)
    assert overlap.view_share(camera(), here, camera(field_of_view_deg=120.0), here) == 1
    half = math.degrees(2 * math.atan(0.5))
    assert overlap.view_share(camera(), here, camera(field_of_view_deg=half), here) == 0.25
