"""Slices and concealment in scenario files: what is read, what is written out, and one line for what does not fit."""

from pathlib import Path

import pytest

from simnet import scenario
from simnet.errors import ScenarioError
from simnet.records import Scenario
from simnet.scenario import writer
from support.small_scenario import FILE


def load(folder: Path, **changes: str) -> Scenario:
    text = (
        FILE.replace("PICTURES", str(folder))
        .replace("[64, 48]", "[64, 130]")
        .replace("rate: adaptive", "rate: {quality: 0.5}")
    )
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "small.yaml").write_text(text)
    for name in "abs":
        (folder / name).mkdir(exist_ok=True)
    return scenario.load(str(folder / "small.yaml"))


def test_slices_are_read_and_written_and_read_again(tmp_path: Path) -> None:
    found = load(tmp_path, jpeg="jpeg, slices: 4, concealment: previous").streams
    assert [(stream.slices, stream.concealment) for stream in found] == [(4, "previous")] * 2
    assert not load(tmp_path).streams[0].conceals


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("codec: jpeg, slices: 5", "slices: 5 of a picture of 130 rows; expected at most 4: each has 32 rows or more"),
        ("codec: jpeg, slices: 0", "slices: 0 does not fit; expected at least 1"),
        (
            "codec: hevc, slices: 2",
            "slices: codec 'hevc': its frames cannot be sliced; expected slices: 1, or one of atn",
        ),
        (
            "codec: jpeg, concealment: side",
            "concealment: side: it fills lost slices, and the stream has none; expected slices: 4 beside it",
        ),
        (
            "codec: hevc, concealment: side",
            "concealment: side: it fills lost slices, and the stream has none; codec 'hevc'",
        ),
        (
            "codec: jpeg, slices: 2, concealment: all",
            "concealment: 'all' is unknown; expected 'none', 'previous' or 'side'",
        ),
        (
            "codec: jpeg, slices: 2, concealment: side",
            "concealment: side given without side_information of another camera",
        ),
    ],
)
def test_streams_that_cannot_be_sliced_so_are_refused(tmp_path: Path, settings: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, **{"codec: jpeg, rate": f"{settings}, rate"})
    assert f"streams.car/a.{told}" in str(caught.value)


def test_congestion_control_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="slices: given with a rate under congestion control"):
        load(tmp_path, **{"rate: {quality: 0.5}": "rate: gcc, slices: 2"})


def test_resolved_scenario_can_be_read_again(tmp_path: Path) -> None:
    first = load(tmp_path, jpeg="jpeg, slices: 2, concealment: previous")
    (tmp_path / "again.yaml").write_text(writer.dump(first))
    assert scenario.load(str(tmp_path / "again.yaml")).streams == first.streams
