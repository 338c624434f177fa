"""What a user relies on when opening a run's page: everything is there, nothing is invented, nothing is fetched."""

import dataclasses
import re
import time
from pathlib import Path

import pytest

from simnet import report
from simnet.errors import InputError
from simnet.records import Outcome
from support import run_folders as made
from support.pages import Page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenario = made.platoon()
    return made.write_run(tmp_path_factory.mktemp("run"), scenario, made.rows_of(scenario), made.bins_of(scenario))


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page(report.write(folder))


def test_page_is_in_the_run_folder(folder: Path, page: Page) -> None:
    assert (folder / "report.html").is_file()
    assert page.source.startswith("<!doctype html>")


def test_page_lists_every_stream_link_and_node(page: Page) -> None:
    for name in ("leader/front", "follower_1/front", "drone/down"):
        assert page.row("Rate and quality", name)
        assert page.row("What became of the frames", name)
    assert [row[0] for row in page.tables["Totals"][1:]] == ["uplink_0", "uplink_1", "uplink_2"]
    assert [row[0] for row in page.tables["Nodes and cameras"][1:]] == ["leader", "follower_1", "drone", "roadside"]


def test_page_shows_how_to_repeat_the_run(page: Page) -> None:
    for said in (
        made.FINGERPRINT,
        "simnet run scenarios/vehicle_platoon.yaml --out DIR",
        "0.1.0",
        "Some CPU with AVX2",
        "seed: 7",
    ):
        assert said in page.text


def test_tables_match_the_rows(page: Page) -> None:
    rows = [row for row in made.rows_of(made.platoon()) if row.stream == "leader/front"]
    shown = [row.psnr_db for row in rows if row.psnr_db is not None]
    cells = page.row("Rate and quality", "leader/front")
    assert float(cells["PSNR dB"]) == pytest.approx(sum(shown) / len(shown), abs=0.006)
    assert float(cells["kbit/s"]) == pytest.approx(8 * sum(row.link_bytes for row in rows) / 10 / 1e3, abs=0.06)
    counts = page.row("What became of the frames", "leader/front")
    for title, outcome in (
        ("decoded", Outcome.DECODED),
        ("alone", Outcome.ALONE),
        ("late", Outcome.LATE),
        ("lost", Outcome.LOST),
    ):
        assert int(counts[title]) == sum(row.outcome is outcome for row in rows)


def test_missing_figures_are_shown_as_missing(page: Page) -> None:
    silent = page.row("Rate and quality", "drone/down")
    assert silent["frames"] == "0"
    assert {silent[name] for name in ("kbit/s", "bpp", "quality", "PSNR dB", "MS-SSIM", "gain dB")} == {"-"}
    unused = page.row("Totals", "uplink_2")
    assert {unused[name] for name in ("offered kbit/s", "delivered kbit/s", "use", "lost", "dropped")} == {"-"}


def test_few_frames_cause_a_remark(page: Page) -> None:
    assert any("(few)" in row[3] for row in page.tables["Gain by source"] if row[1] == "previous")


def test_page_states_the_cost_of_side_information(page: Page) -> None:
    costs = {row[1]: row[-1] for row in page.tables["Gain by source"][1:]}
    assert costs["leader/front"] == f"{page.row('Rate and quality', 'leader/front')['kbit/s']} kbit/s"
    assert costs["roadside/street"] == costs["previous"] == "nothing"


def test_figures_hold_the_data(page: Page) -> None:
    rows = [row for row in made.rows_of(made.platoon()) if row.stream == "follower_1/front"]
    traces = [trace for trace in page.plots["over-time"]["data"] if trace["name"] == "follower_1/front"]
    psnr = next(trace for trace in traces if trace["yaxis"] == "y2")
    assert psnr["y"] == [None if row.psnr_db is None else pytest.approx(row.psnr_db, abs=1e-4) for row in rows]
    rate = next(trace for trace in traces if trace["yaxis"] == "y")
    assert sum(rate["y"][:-1]) * 0.5 == pytest.approx(8 * sum(row.link_bytes for row in rows) / 1e3, rel=1e-4)
    gains = [value for trace in page.plots["gain-age"]["data"] for value in trace["y"]]
    assert len(gains) == sum(bool(row.side_sources) for row in made.rows_of(made.platoon()))
    assert page.plots["latency"]["layout"]["shapes"][0]["x0"] == 200


def test_ladder_capacity_follows_the_distance(page: Page) -> None:
    capacity = next(trace for trace in page.plots["link-1"]["data"] if trace["name"] == "capacity")
    assert set(capacity["y"]) == {200.0, 400.0}


def test_every_plot_has_a_place_and_a_caption(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    for name in page.plots:
        assert f"plot-{name}" in page.ids
        assert re.search(rf'id="plot-{name}" class="canvas" role="img" aria-label="[^"]+"', page.source)


def test_pictures_stand_side_by_side_with_captions(page: Page) -> None:
    assert len(page.images) >= 12
    assert all(image["alt"] and (image["src"] or "").startswith("data:image/webp;base64,") for image in page.images)
    assert "error x 8" in page.text
    assert "PSNR" in page.text


def test_page_fetches_nothing(page: Page) -> None:
    assert all(address.startswith("data:") for address in page.fetched)
    assert "@import" not in page.source.split("</style>")[0]
    assert "url(" not in page.source.split("</style>")[0]
    assert "default-src 'none'" in page.source


def test_page_is_small_and_quick_to_write(page: Page, tmp_path: Path) -> None:
    scenario = made.platoon()
    bare = made.write_run(tmp_path, scenario, made.rows_of(scenario), made.bins_of(scenario), keep=False)
    report.write(bare)
    start = time.process_time()
    path = report.write(bare)
    assert time.process_time() - start < 1.5
    assert path.stat().st_size < 1_800_000
    assert path.read_text(encoding="utf-8").count("plotly.js v") == page.source.count("plotly.js v")


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"
    scenario = dataclasses.replace(made.platoon(follower=evil), name=evil, purpose=evil)
    rows = made.rows_of(scenario)
    page = Page(report.write(made.write_run(tmp_path, scenario, rows, made.bins_of(scenario), keep=False)))
    assert "<img src=x" not in page.source
    assert "<script>alert" not in page.source
    assert page.row("Rate and quality", f"{evil}/front")["frames"] == "100"
    names = {trace.get("name", "") for plot in page.plots.values() for trace in plot["data"]}
    assert not any("<" in name for name in names)


def test_run_without_frames_still_has_a_page(tmp_path: Path) -> None:
    page = Page(report.write(made.write_run(tmp_path, made.platoon(), [], [], keep=False)))
    assert "No frame was decoded with side information" in page.text
    assert "No pictures were kept" in page.text
    assert page.row("What became of the frames", "leader/front")["decoded"] == "-"


def test_lost_frame_has_its_original_and_no_picture(tmp_path: Path) -> None:
    scenario = made.platoon()
    rows = [
        dataclasses.replace(
            row, outcome=Outcome.LOST, decode_ns=None, psnr_db=None, ms_ssim=None, alone_psnr_db=None, alone_ms_ssim=None,
            side_sources=(), side_age_ns=None,
        )
        for row in made.rows_of(scenario)
    ]  # fmt: skip
    page = Page(report.write(made.write_run(tmp_path, scenario, rows, made.bins_of(scenario))))
    assert len(page.images) == 6
    assert "PSNR -" in page.text


def test_nan_and_infinity_do_not_break_the_page(tmp_path: Path) -> None:
    scenario = made.platoon()
    rows = [dataclasses.replace(row, psnr_db=float("inf")) if row.psnr_db else row for row in made.rows_of(scenario)]
    page = Page(report.write(made.write_run(tmp_path, scenario, rows, made.bins_of(scenario), keep=False)))
    assert page.row("Rate and quality", "leader/front")["PSNR dB"] == "∞"
    assert "over-time" in page.plots


@pytest.mark.parametrize("broken", ["run.json", "rows.parquet", "links.parquet"])
def test_broken_folder_is_one_line(tmp_path: Path, broken: str) -> None:
    scenario = made.platoon()
    made.write_run(tmp_path, scenario, made.rows_of(scenario), made.bins_of(scenario), keep=False)
    (tmp_path / broken).write_bytes(b"[]" if broken.endswith("json") else b"not a table")
    with pytest.raises(InputError) as caught:
        report.write(tmp_path)
    assert broken in str(caught.value)
    assert "expected" in str(caught.value)
    assert "\n" not in str(caught.value)
    (tmp_path / broken).unlink()
    with pytest.raises(InputError, match=broken):
        report.write(tmp_path)


def test_plotly_accepts_every_figure(page: Page) -> None:
    from plotly import graph_objects

    for plot in page.plots.values():
        graph_objects.Figure(data=plot["data"], layout=plot["layout"])


def test_groups_of_digits_are_kept_apart_by_a_space(page: Page) -> None:
    assert "\\u" not in page.text


def test_links_that_carried_nothing_are_not_drawn(tmp_path: Path) -> None:
    scenario = made.platoon()
    busy = [each for each in made.bins_of(scenario) if each.link == scenario.links[0].name]
    page = Page(report.write(made.write_run(tmp_path, scenario, made.rows_of(scenario), busy, keep=False)))
    assert [name for name in page.plots if name.startswith("link-")] == ["link-0"]
    assert "the 1 busiest that carried something are drawn" in page.text
