"""`score: every 5` says which pictures are compared with their originals."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simnet.errors import ScenarioError
from simnet.scenario import load
from simnet.scenario.writer import dump

TEXT = """
duration: 1 s
nodes: {car: {position: [0, 0], cameras: {a: {}}}, mast: {position: [9, 0]}}
links: {up: {from: car, to: mast, bandwidth: 1 Mbit/s}}
streams: {car/a: {codec: jpeg}}
fusion: {at: mast}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(more: str) -> Path:
        file = tmp_path / "scenario.yaml"
        file.write_text(TEXT + more, encoding="utf-8")
        return file

    return write


@pytest.mark.parametrize("more", ["score: every 5", "score: {every: 5}"])
def test_a_stride_is_read_and_written(write: Callable[[str], Path], tmp_path: Path, more: str) -> None:
    scenario = load(write(more))
    assert scenario.score_every == 5
    assert [number for number in range(12) if scenario.scores(number)] == [0, 5, 10]
    again = tmp_path / "again.yaml"
    again.write_text(dump(scenario), encoding="utf-8")
    assert load(again).score_every == 5


def test_every_picture_counts_without_a_stride(write: Callable[[str], Path]) -> None:
    scenario = load(write(""))
    assert scenario.score_every == 1
    assert "score" not in dump(scenario)


@pytest.mark.parametrize("wrong", ["often", "every 0", "every five", "5", "{every: 0}"])
def test_what_is_no_stride_is_refused(write: Callable[[str], Path], wrong: str) -> None:
    with pytest.raises(ScenarioError, match="score"):
        load(write(f"score: {wrong}"))
