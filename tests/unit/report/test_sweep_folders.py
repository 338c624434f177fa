"""Folders of sweeps with missing, failed or damaged cells, and several folders on one page."""

import dataclasses
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from simnet import cli, report
from simnet.errors import InputError
from simnet.runfolder import sweep_reader
from support import run_folders
from support import sweep_folders as made
from support.pages import Page
from support.sweep_views import needed_cell, page_of, said


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
