"""Figures and tables for a paper: what their files hold, and that matplotlib draws what a page's figure says."""

import csv
import dataclasses
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import simnet
from simnet import console
from simnet.cli import main
from simnet.errors import InputError
from simnet.records.plain_data import to_plain
from simnet.report import run_tables
from simnet.report.figures.figure import Figure, axis, deadline_line, layout
from simnet.report.publication import collected, matplotlib_figures, publication_kinds, table_files
from simnet.report.run_tables import Bar, Table
from simnet.row_statistics import summarise
from simnet.runfolder import run_reader
from support import run_folders


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenario = run_folders.platoon()
    rows, bins = run_folders.rows_of(scenario), run_folders.bins_of(scenario)
    return run_folders.write_run(tmp_path_factory.mktemp("paper") / "run", scenario, rows, bins, keep=False)


def read(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table_files.comma_separated(table))))


def test_csv_has_numbers_units_and_ends_of_intervals() -> None:
    rows = [("a", "\N{MINUS SIGN}12.3 % (-15.1 to +9.8)", "1\N{NARROW NO-BREAK SPACE}234", "31.50 ± 0.25", "≤ 100"),
            ("b", "-", "7", "30.00", "120")]  # fmt: skip
    table = Table("T", ("codec", "BD-rate", "frames", "PSNR dB", "needs"), rows)
    first, second = read(table)
    assert first == {
        "codec": "a", "BD-rate, %": "-12.3", "BD-rate, %, low": "-15.1", "BD-rate, %, high": "9.8", "frames": "1234",
        "PSNR dB": "31.50", "PSNR dB, low": "31.25", "PSNR dB, high": "31.75", "needs": "≤ 100",
    }  # fmt: skip
    assert (second["BD-rate, %"], second["BD-rate, %, low"], second["needs"]) == ("", "", "120")


def test_latex_escapes_what_it_would_read_as_commands() -> None:
    table = Table(
        "50 % of $x_1$",
        ("a & b", "c"),
        [("follower_1/front", "\N{MINUS SIGN}3 %"), (r"\x{y}", "-4.5 ± 1")],
        note="#1.\n2 ",
    )
    text = table_files.latex(table, "it")
    for part in (r"\caption{50 \% of \$x\_1\$}", r"a \& b & c \\", r"follower\_1/front & $-$3 \% \\", r"\label{tab:it}",
                 r"\textbackslash{}x\{y\} & $-$4.5 $\pm$ 1 \\", r"\footnotesize \#1. 2}"):  # fmt: skip
        assert part in text
    # LaTeX cannot be asked in a test: a table that is wider than the line shrinks, and sentences are as wide as the line.
    assert (
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n\\begin{tabular}{@{}lr@{}}" in text
    )
    bars = Table("T", ("a", "share"), [("x", Bar((("#fff", 100.0),), "all of it"))])
    assert "x & all of it" in table_files.latex(bars, "t")


def test_names_of_files_are_plain_and_differ() -> None:
    names = [collected.file_name(name) for name in ("against ./mine.py:Codec", "car_1/front", "../a..b ", "Ä ö")]
    assert names == ["against-mine.py-codec", "car_1-front", "a..b", ""]
    tables = [Table(name, ("a",), [("1",)]) for name in ("x y", "x:Y", "other")]
    assert list(collected.named((table.caption, table) for table in tables)) == ["x-y", "x-y-2", "other"]


def test_labels_have_room_when_a_smaller_axis_gets_more_ticks() -> None:
    data = [
        {"type": "scatter", "mode": "lines+markers", "name": n, "x": [2000, 15000], "y": [11.9, 31.6]} for n in "ab"
    ]
    axes = {"xaxis": axis("rate", type="log", tickvals=[2000, 15000]), "yaxis": axis("PSNR (dB)")}
    pixels = matplotlib_figures.save(Figure("f", "Title", "alt", data, layout(300, **axes)), "png")
    picture = np.asarray(Image.open(io.BytesIO(pixels)).convert("L"))
    assert picture[:, 0].min() == 255


def test_figure_is_drawn_as_its_page_has_it() -> None:
    shape, note = deadline_line(2.0, "deadline &amp; $2")
    data = [
        {"type": "scatter", "mode": "lines+markers", "name": "a &lt;b&gt;", "x": [1.0, 2.0, 4.0], "y": [1.0, None, 3.0],
         "line": {"color": "#3b7dd8", "dash": "dash"}, "marker": {"symbol": ["circle", "circle-open", "circle"], "size": 8},
         "error_y": {"array": [0.1, None, 0.2]}},
        {"type": "bar", "name": "lost", "x": [1.0, 2.0], "y": [3, 4], "yaxis": "y2", "marker": {"color": "#dc4455"}},
    ]  # fmt: skip
    axes = {"yaxis": axis("top", domain=[0.5, 1]), "yaxis2": axis("bottom", domain=[0, 0.4], rangemode="tozero")}
    x = axis("rate", type="log", tickvals=[1, 2, 5, 50])
    figure = Figure("f", "Title", "alt", data, layout(300, xaxis=x, shapes=[shape], annotations=[note], **axes))
    drawing = matplotlib_figures.draw(figure)
    top, bottom = drawing.axes
    assert (top.get_ylabel(), bottom.get_ylabel(), bottom.get_xlabel()) == ("top", "bottom", "rate")
    assert bottom.get_xscale() == "log"
    assert bottom.get_ylim()[0] == 0
    assert [bar.get_height() for bar in bottom.patches] == [3, 4]
    assert [text.get_text() for text in drawing.legends[0].get_texts()] == ["a <b>", "lost"]
    assert top.texts[0].get_text() == r"deadline & \$2"
    assert drawing.get_figwidth() == pytest.approx(89 / 25.4)


def test_same_figure_gives_the_same_file(run: Path) -> None:
    figure = collected.collect([run]).figures["latency"]
    for kind, start in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
        one, two = (matplotlib_figures.save(figure, kind) for _ in range(2))
        assert one == two
        assert one.startswith(start)


def test_command_writes_every_figure_and_table(run: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["report", str(run), "--figures", "svg", "--tables", "latex,csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [str(run / "figures"), str(run / "tables")]
    figures = {file.stem for file in (run / "figures").glob("*.svg")}
    assert {"over-time", "latency", "outcomes", "map", "link-uplink_0"} <= figures
    assert {file.name for file in (run / "tables").iterdir()} >= {"quality.tex", "quality.csv", "links.csv"}
    report = simnet.Report.open(run)
    assert set(report.figures) == figures
    assert report.plot().axes[0].get_ylabel() == "kbit/s"
    assert report.plot("latency", width_mm=181).get_figwidth() == pytest.approx(181 / 25.4)
    with pytest.raises(InputError, match="no figure psnr; expected one of map, over-time"):
        report.plot("psnr")


def test_sweep_has_figures_verdict_and_differences(whole: Path) -> None:
    found = collected.collect([whole])
    assert found.main in found.figures
    assert {"psnr-offered", "leader-front-psnr-offered", "latency-100kbit-s"} <= set(found.figures)
    assert {"figures", "verdict", "bd-rate-against-hevc", "needed-psnr"} <= set(found.tables)
    assert float(read(found.tables["bd-rate-against-hevc"])[0]["encoder, PSNR, %"]) == pytest.approx(-50)
    assert "atn needs" in read(found.tables["verdict"])[0]["finding"]
    boxes, bars = (matplotlib_figures.draw(found.figures[name]) for name in ("age", "outcomes"))
    assert next(text.get_text() for text in boxes.axes[0].get_xticklabels()) == "100 kbit/s"
    assert bars.axes[0].patches


def test_p99_is_a_column_from_a_thousand_frames_up(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    found = run_reader.read(run)
    streams = summarise(found.rows, found.virtual_s)
    assert "p99 ms" not in run_tables.outcomes(found, streams).columns
    first = next(iter(streams))
    streams[first] = dataclasses.replace(streams[first], frames=1000, latency_ms_p99=187.25)
    table = run_tables.outcomes(found, streams)
    assert (table.columns[-1], [row[-1] for row in table.rows]) == ("p99 ms", ["187.2", "-", "-"])
    monkeypatch.setenv("COLUMNS", "200")
    summary = to_plain(found.manifest.summary) | {"streams": {name: to_plain(own) for name, own in streams.items()}}
    console.show_summary({"report": None, "rows": "there", "fingerprint": "f", **summary})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-2:] == ["ms", "p99"]
    assert [line.split()[-1] for line in lines[1:3]] == ["187", "-"]


@pytest.mark.parametrize(
    ("figures", "tables", "complaint"),
    [
        ("svg,jpg", None, r"--figures svg,jpg: jpg: unknown kind; expected svg, pdf, png"),
        ("", None, "an empty name: unknown kind"),
        (None, "tex", "--tables tex: tex: unknown kind; expected latex, csv"),
        ("svg,svg", None, "names a kind twice"),
    ],
)
def test_unknown_kind_is_one_line(figures: str | None, tables: str | None, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        publication_kinds.parse(figures, tables)


def test_missing_matplotlib_is_one_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match="figures need matplotlib"):
        matplotlib_figures.draw(collected.collect([run]).figures["latency"])
