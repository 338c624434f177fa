"""Tasks in runs and in cells of sweeps: the same figures in both, in rows, summaries, tables and pages."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from simnet import engine, plugins, report
from simnet.api import RunReport
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cell import run_cell
from simnet.engine.run_options import RunOptions
from simnet.errors import InputError, PluginError
from simnet.records import LossConfig, Outcome, Scenario
from simnet.records.task_config import TaskConfig
from simnet.report.sweeps import sweep_page
from simnet.runfolder import run_reader
from simnet.scenario import check_language
from simnet.store import Store
from simnet.sweeps.cell_identity import CellNames
from simnet.tasks.camera_view import View
from support.bright_detector import bright_detector
from support.tiny_runs import MS, Ran, change_links, change_streams

BOTH = ("car/a", "van/b")
TASKS = (
    TaskConfig("pairs", "matching", ("van/b",), "car/a", 2, '{"geometry": "homography"}'),
    TaskConfig("depth", "stereo_depth", ("car/a",), "hub/s", 3, '{"disparities": 16}'),
    TaskConfig("flow", "matching", BOTH, "previous", 4),
)
Go = Callable[..., Ran]


@pytest.fixture
def lossy(tiny: Scenario) -> Scenario:
    """Half of the packets are lost."""
    short = replace(tiny, duration_ns=600 * MS)
    loss = replace(tiny.links[0].loss, model="independent", mean=0.3)
    return change_links(short, loss=loss)


def test_tasks_give_columns_and_change_nothing_else(lossy: Scenario, run: Go, tmp_path: Path) -> None:
    plain, ran = run(lossy), run(replace(lossy, tasks=TASKS), exports=("csv",), report=True)
    assert ran.read.manifest.fingerprint == plain.read.manifest.fingerprint
    assert not any(row.tasks for row in plain.read.rows)
    for row in ran.read.rows:
        due = {"car/a": {"depth": row.sequence % 3 == 0}, "van/b": {"pairs": row.sequence % 2 == 0}}[row.stream]
        due["flow"] = row.sequence % 4 == 0 and row.sequence > 0
        assert {name.partition(".")[0] for name in row.tasks} == {name for name, is_due in due.items() if is_due}
        if not row.outcome.in_time:
            assert all(value == 0 for name, value in row.tasks.items() if name.endswith(".done"))
            assert row.tasks.get("depth.bad", 100) == 100
    assert any(row.outcome is Outcome.LOST for row in ran.read.rows)
    summary = ran.read.manifest.summary.streams["van/b"]
    done = [row.tasks["pairs.done"] for row in ran.rows("van/b") if "pairs.done" in row.tasks]
    assert summary.tasks["pairs.done"] == pytest.approx(sum(done) / len(done), abs=1e-6)
    with (ran.read.path / "rows.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [line["depth.bad"] for line in written] == [str(row.tasks.get("depth.bad", "")) for row in ran.read.rows]
    page = report.write(ran.read.path).read_text()
    assert "Bad pixels of the disparity" in page
    frame = RunReport(ran.read.path)
    assert frame.streams.loc["car/a", "depth.bad"] == ran.read.manifest.summary.streams["car/a"].tasks["depth.bad"]
    assert "pairs.inliers" in frame.frames


def test_cell_of_a_sweep_has_the_same_rows(lossy: Scenario, run: Go, tmp_path: Path) -> None:
    scenario = replace(lossy, tasks=TASKS)
    ran = run(scenario)
    run_cell(scenario, tmp_path / "cell", Store(tmp_path / "store", 10**8), CacheCounters(), RunOptions())
    cell = run_reader.read(tmp_path / "cell")
    assert [replace(row, run="") for row in cell.rows] == [replace(row, run="") for row in ran.read.rows]


def test_late_pictures_count_as_none(tiny: Scenario, run: Go) -> None:
    fusion = replace(tiny.fusion, deadline_ns=1 * MS)
    late = replace(tiny, duration_ns=300 * MS, fusion=fusion, tasks=TASKS[:2])
    ran = run(late)
    assert {row.outcome for row in ran.read.rows} == {Outcome.LATE}
    figures = ran.read.manifest.summary.streams["van/b"].tasks
    assert figures == {"pairs.done": 0, "pairs.found": 0, "pairs.inliers": 0, "pairs.solved": 0}


def test_checks_hold_figures_of_tasks(lossy: Scenario, run: Go) -> None:
    ran = run(replace(lossy, tasks=TASKS))
    plain = {"": ran.result.summary["streams"]}
    check = check_language.parse("depth.bad(*) > 0 * depth.done(car/a) + 1", ())
    assert check.sides(plain)[0] == plain[""]["car/a"]["tasks"]["depth.bad"]


def test_tasks_name_cells_and_no_tasks_do_not(tiny: Scenario) -> None:
    names = CellNames()
    assert names.name(replace(tiny, tasks=TASKS)) != names.name(tiny)
    assert names.name(replace(tiny, tasks=TASKS)) != names.name(replace(tiny, tasks=TASKS[:2]))


def test_recorded_sizes_have_no_tasks(tiny: Scenario, run: Go, tmp_path: Path) -> None:
    ran = run(replace(tiny, duration_ns=200 * MS))
    rows = ran.read.path / "rows.parquet"
    recorded = replace(change_streams(tiny, codec="recorded", model=str(rows)), duration_ns=200 * MS, tasks=TASKS)
    with pytest.raises(InputError, match=r"tasks pairs, depth, flow: recorded sizes have no pictures"):
        engine.run(recorded, tmp_path / "recorded", RunOptions(report=False))


def test_detection_counts_what_is_lost(lossy: Scenario, run: Go, tmp_path: Path) -> None:
    path = bright_detector(tmp_path)
    options = json.dumps({"detector": str(path), "confidence": 0.2})
    ran = run(replace(lossy, tasks=(TaskConfig("cars", "detection", BOTH, None, 1, options),)))
    figures = ran.read.manifest.summary.streams["car/a"].tasks
    rows = ran.rows("car/a")
    there = sum(row.outcome.in_time for row in rows) / len(rows)
    assert 0 < there < 1
    assert figures["cars.done"] == pytest.approx(there, abs=1e-6)
    assert figures["cars.found"] == pytest.approx(
        100 * there, abs=1e-3
    )  # every picture that came has the box of its original
    assert figures["cars.map50_original"] == pytest.approx(100)
    assert 100 * there - 10 < figures["cars.map50"] <= 100 * there + 2


def test_page_of_two_runs_compares_tasks(lossy: Scenario, run: Go, tmp_path: Path) -> None:
    clear = replace(change_links(lossy, loss=LossConfig()), tasks=TASKS)
    found = [run(replace(lossy, tasks=TASKS)).read.path, run(clear).read.path]
    page = sweep_page.write(found, tmp_path / "compared.html").read_text()
    assert "Task depth, bad pixels of the disparity" in page
    assert 'id="plot-task-depth-bad-sent"' in page


def test_plugin_task_is_measured_and_checked(tiny: Scenario, run: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    class Light:
        figures: ClassVar = {"light": {"title": "Mean light", "unit": "levels", "digits": 1}}

        def __init__(self, factor: float = 1.0) -> None:
            self.factor = factor

        def measure(self, view: View, other: View | None) -> dict[str, float]:
            assert other is None
            return {"light": self.factor * float(view.decoded.mean())}

    plugin = plugins.Plugin(plugins.TASKS, "light", "there:Light", "there 1.0")
    monkeypatch.setattr(plugins, "find", lambda group, name, own: plugin if name == "light" else None)
    monkeypatch.setattr(plugins.Plugin, "load", lambda self: Light)
    short = replace(tiny, duration_ns=200 * MS)
    task = TaskConfig("sun", "light", ("car/a",), None, 1, '{"factor": 2.0}')
    ran = run(replace(short, tasks=(task,)))
    assert 200 < ran.read.manifest.summary.streams["car/a"].tasks["sun.light"] < 300
    with pytest.raises(InputError, match=r"task sun: option factor: .*expected options of: factor"):
        run(replace(short, tasks=(replace(task, options_json='{"factor": "x"}'),)))
    Light.figures = {"done": {"title": "x"}}
    with pytest.raises(PluginError, match=r"task light \(package there 1.0\): figure 'done' cannot be a column"):
        run(replace(short, tasks=(task,)))
    Light.figures = {"other": {"title": "x"}}
    with pytest.raises(PluginError, match=r"measured 'light'; expected of other"):
        run(replace(short, tasks=(task,)))
