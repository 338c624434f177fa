"""A sweep's page shows every cell and fetches nothing; its axes follow what was swept."""

import gzip
import json
import re
from base64 import b64decode
from pathlib import Path

import pytest

from simnet.report.sweeps import (
    displayed_gallery,
    verdict,
    views,
)
from simnet.report.sweeps.comparison_grid import ComparedFolder, grid
from simnet.runfolder import sweep_reader
from support import sweep_folders as made
from support.sweep_views import every_view, first_view, page_of


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
    assert "Nowhere have two curves most of their frames in time: no quality is compared." in page.text
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
