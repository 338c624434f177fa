"""`simnet.load`, `run`, `sweep` and `Report`, as scripts and notebooks use them."""

import asyncio
import json
import os
import signal
import sys
import threading
import types
import webbrowser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import simnet
from simnet.cli import main
from simnet.errors import InputError, ScenarioError
from simnet.records import Row

Changes = dict[str, object]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Changes:
    """Four small pairs of pictures for stereo_pair."""
    folder = tmp_path_factory.mktemp("pairs")
    draw = np.random.default_rng(3)
    for side in ("left", "right"):
        (folder / side).mkdir()
        for number in range(4):
            Image.fromarray(draw.integers(0, 255, (64, 64, 3), np.uint8)).save(folder / side / f"{number}.png")
    world = {"world.kind": "pairs", "world.path": folder, "nodes.*.cameras.*.size": [64, 64]}
    return {**world, "streams.*.codec": "jpeg", "streams.*.rate": {"quality": 0.4}}


@pytest.fixture(scope="module")
def report(quick: Changes, tmp_path_factory: pytest.TempPathFactory) -> simnet.RunReport:
    return simnet.run("stereo_pair", tmp_path_factory.mktemp("api") / "run", overrides=quick, page=False)


def _typed(changes: Changes) -> list[str]:
    return [f"{key}={value}" for key, value in changes.items()]


def test_package_names_its_api() -> None:
    assert {"load", "run", "sweep", "Report"} < set(dir(simnet))
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = simnet.lode
    assert (Path(simnet.__file__).parent / "py.typed").is_file()


def test_overrides_may_be_a_mapping_or_strings(quick: Changes) -> None:
    mapped = simnet.load("stereo_pair", {**quick, "seed": np.int64(9)})
    typed = simnet.load("stereo_pair", [*_typed(quick), "seed=9"])
    assert mapped == typed
    assert mapped.seed == 9
    with pytest.raises(ScenarioError, match="unknown key 'durations'"):
        simnet.load("stereo_pair", {"durations": "1s"})
    with pytest.raises(InputError, match="expected a list"):
        simnet.load("stereo_pair", "duration=1s")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="expected text, a number"):
        simnet.load("stereo_pair", {"seed": object()})


def test_run_matches_the_command_line_and_returns_dataframes(
    quick: Changes, report: simnet.RunReport, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [part for change in _typed(quick) for part in ("--set", change)]
    assert main(["run", "stereo_pair", *typed, "--out", str(tmp_path / "cli"), "--json", "--no-report"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["fingerprint"] == report.fingerprint
    frames = report.frames
    # Figures of tasks have a column each, and this run has no task.
    assert list(frames.columns) == [name for name in Row.__dataclass_fields__ if name != "tasks"]
    assert len(frames) == sum(report.streams["frames"]) == 4 * len(report.streams)
    assert frames["capture_ns"].is_monotonic_increasing
    assert frames["arrive_ns"].dtype == frames["side_age_ns"].dtype == np.float64
    decoded = frames[frames["outcome"].str.startswith("decoded")]
    assert (
        decoded.groupby("stream")["psnr_db"]
        .mean()
        .round(3)
        .equals(report.streams["psnr_db"].rename_axis("stream").round(3))
    )
    assert set(report.links["link"]) == {"cable", "cable.return"}
    assert report.scenario.name == "stereo_pair"
    assert isinstance(report.streams, pd.DataFrame)


def test_report_opens_shows_and_plots(report: simnet.RunReport, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = simnet.Report.open(report.path)
    assert isinstance(opened, simnet.RunReport)
    assert opened.fingerprint == report.fingerprint
    assert opened._repr_html_().startswith("<table>")
    assert report.fingerprint in opened._repr_html_()
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    page = opened.show()
    assert shown == [page.absolute().as_uri()]
    assert page.read_text().startswith("<!doctype html>")
    inside = types.SimpleNamespace(get_ipython=object)
    display = types.SimpleNamespace(display=lambda data, *, raw: shown.append(data["text/html"]) if raw else None)
    monkeypatch.setitem(sys.modules, "IPython", inside)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    opened.show(height=500)
    assert len(shown[-1]) < 1000
    assert f'<iframe src="{os.path.relpath(page)}"' in shown[-1]
    assert "height:500px" in shown[-1]
    with pytest.raises(InputError, match="no folder of a run, a sweep"):
        simnet.Report.open(report.path.parent)


def test_runs_in_threads_and_event_loops_match_and_stay_quiet(
    quick: Changes,
    report: simnet.RunReport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    loaded = simnet.load("stereo_pair", quick)
    made: list[simnet.RunReport] = []
    threads = [threading.Thread(target=lambda: made.append(simnet.run(loaded, page=False))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen: list[float] = []

    async def within() -> simnet.RunReport:
        return simnet.run(loaded, page=False, progress=seen.append)

    made.append(asyncio.run(within()))
    assert {each.fingerprint for each in made} == {report.fingerprint}
    assert sorted(str(each.path) for each in made) == [f"runs/stereo_pair-{number}" for number in (1, 2, 3)]
    assert seen == [0.0, 0.1, 0.2, 0.3]
    assert handlers == {each: signal.getsignal(each) for each in handlers}
    assert capfd.readouterr() == ("", "")


def test_fault_is_one_line_and_leaves_no_files(quick: Changes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = simnet.load("stereo_pair", quick)
    with pytest.raises(InputError, match="overrides of a loaded scenario"):
        simnet.run(loaded, overrides=["seed=3"])
    with pytest.raises(InputError, match="unknown codec"):
        simnet.run("stereo_pair", overrides={"streams.*.codec": "h266"})
    assert not list(tmp_path.glob("runs/*"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").touch()
    with pytest.raises(InputError, match="full: not empty"):
        simnet.run(loaded, "full")


def test_missing_pandas_names_the_extra_to_install(report: simnet.RunReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"pip install 'simnet\[notebook\]'"):
        _ = simnet.RunReport(report.path).frames
    assert report.fingerprint in simnet.RunReport(report.path)._repr_html_()


def test_sweep_from_a_thread_returns_table_and_runs(
    quick: Changes, report: simnet.RunReport, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rest = {**quick, "links.*.bandwidth": ["300 kbit/s", "3 Mbit/s"]}
    rest |= {"nodes.*.cameras.*.size": [[64, 64]]}
    del rest["streams.*.codec"]
    main_file = vars(sys.modules["__main__"]).get("__file__")  # a worker of several has none
    made: list[simnet.SweepReport] = []
    seen: list[tuple[int, int]] = []

    def sweep() -> None:
        made.append(
            simnet.sweep(
                "stereo_pair",
                rest,
                codecs="jpeg",
                seeds=np.arange(1, 2),
                out=tmp_path / "sweep",
                cache=tmp_path / "cache",
                workers=1,
                page=False,
                progress=lambda done, total: seen.append((done, total)),
            )
        )

    thread = threading.Thread(target=sweep)
    thread.start()
    thread.join()
    (swept,) = made
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert set(swept.table["links.*.bandwidth"]) == {"300 kbit/s", "3 Mbit/s"}
    assert len(swept.table) == 2 * len(report.streams)
    every = pd.concat(swept.frames)
    assert len(every) == 2 * len(report.frames)
    assert set(every["links.*.bandwidth"]) == set(swept.table["links.*.bandwidth"])
    assert [run.scenario.duration_ns for _, run in swept.runs] == [400_000_000] * 2
    assert not swept.failed
    assert swept.bd_rate("jpeg").empty
    with pytest.raises(InputError, match="anchor hevc: not in the sweep; expected one of: jpeg"):
        swept.bd_rate("hevc")
    assert swept.page.is_file()
    assert isinstance(simnet.Report.open(swept.path), simnet.SweepReport)
    assert swept._repr_html_().count("<tr>") == 1 + len(swept.table)
    assert vars(sys.modules["__main__"]).get("__file__") == main_file
    assert capfd.readouterr() == ("", "")
