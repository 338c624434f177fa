"""Tasks of a scenario: how they are written, resolved and refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simnet import scenario
from simnet.errors import ScenarioError
from simnet.records import Scenario
from simnet.records.task_config import TaskConfig
from simnet.scenario import writer
from support.small_scenario import FILE


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Scenario]:
    for name in "abs":
        (tmp_path / name).mkdir()

    def loaded(tasks: str) -> Scenario:
        file = tmp_path / "small.yaml"
        file.write_text(FILE.replace("PICTURES", str(tmp_path)) + f"tasks: {tasks}\n")
        return scenario.load(str(file))

    return loaded


def test_list_of_kinds_stands_for_tasks_of_all_streams(load: Callable[[str], Scenario]) -> None:
    assert load("[matching]").tasks == (TaskConfig("matching", "matching", ("car/a", "van/b")),)


def test_tasks_are_resolved_and_written_as_they_were(load: Callable[[str], Scenario], tmp_path: Path) -> None:
    found = load(
        "{depth: {kind: stereo_depth, streams: '*/b', with: hub/s, every: 3, disparities: 32}, "
        "flow: {kind: matching, streams: [car/a], with: previous, geometry: homography}, pairs: {kind: matching, with: van/b}}"
    )
    assert found.tasks == (
        TaskConfig("depth", "stereo_depth", ("van/b",), "hub/s", 3, '{"disparities": 32}'),
        TaskConfig("flow", "matching", ("car/a",), "previous", 1, '{"geometry": "homography"}'),
        TaskConfig("pairs", "matching", ("car/a",), "van/b"),
    )
    again = tmp_path / "again.yaml"
    again.write_text(writer.dump(found))
    assert scenario.load(str(again)).tasks == found.tasks


@pytest.mark.parametrize(
    ("tasks", "fault"),
    [
        ("[deepth]", "tasks.deepth: deepth is no kind of task, and kind is missing"),
        ("[stereo_depth]", "tasks.stereo_depth.with: stereo_depth needs a second view; expected with: CAMERA"),
        ("{matching: {with: hub/x}}", "tasks.matching.with: no stream or camera of the fusion node 'hub/x'"),
        ("{matching: {streams: 'bus/*'}}", "tasks.matching.streams: no stream 'bus/*'"),
        ("{matching: {streams: car/a, with: car/a}}", "tasks.matching.with: car/a is its only stream"),
        ("{matching: {disparities: 32}}", "tasks.matching.disparities: a key of stereo_depth; expected for matching:"),
        ("{matching: {options: {a: 1}}}", "tasks.matching.options: matching takes none"),
        ("{m: {kind: mattching}}", "tasks.m.kind:"),
        ("{matching: {every: 0}}", "tasks.matching.every:"),
        ("3", "tasks:"),
    ],
)
def test_wrong_task_is_one_line(load: Callable[[str], Scenario], tasks: str, fault: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tasks)
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
