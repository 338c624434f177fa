"""Allotted rates in a scenario: how they are written, resolved and refused."""

from pathlib import Path

import pytest

from simnet import scenario
from simnet.errors import ScenarioError
from simnet.records import RateConfig, Scenario
from simnet.records.allotment_config import AllotmentConfig, AllottedConfig
from simnet.scenario import writer
from support.small_scenario import FILE

HANDED_OVER = """\
  on: {from: car, to: hub, bandwidth: 1 Mbit/s}
  up_3: {from: van, to: hub, bandwidth: 1 Mbit/s, handover: {group: g}}
  up_4: {from: van, to: car, bandwidth: 1 Mbit/s, handover: {group: g}}
"""


def _load(folder: Path, rate: str, allotment: str = "", more: str = "") -> Scenario:
    for name in "abs":
        (folder / name).mkdir(exist_ok=True)
    text = FILE.replace("PICTURES", str(folder)).replace("rate: adaptive", f"rate: {rate}")
    text = text.replace("fusion: {at: hub}", f"fusion: {{at: hub{allotment}}}")
    text = text.replace("streams:", f"{more}streams:")
    file = folder / "small.yaml"
    file.write_text(text)
    return scenario.load(str(file))


def test_allotted_rate_stands_for_itself_and_brings_the_allotment(tmp_path: Path) -> None:
    found = _load(tmp_path, "allotted")
    assert found.streams[0].rate == RateConfig("allotted", quality=0.25, allotted=AllottedConfig())
    assert found.fusion.allotment == AllotmentConfig()
    assert _load(tmp_path, "adaptive").fusion.allotment is None


def test_allotment_is_written_as_it_was(tmp_path: Path) -> None:
    found = _load(
        tmp_path,
        "{allotted: {min: 20 kbit/s, max: 1 Mbit/s}}",
        ", allotment: {every: 500 ms, objective: minimum, share: 80 %}",
    )
    assert found.fusion.allotment == AllotmentConfig(500_000_000, "minimum", 0.8)
    again = tmp_path / "again.yaml"
    again.write_text(writer.dump(found))
    read = scenario.load(str(again))
    assert (read.streams, read.fusion) == (found.streams, found.fusion)


@pytest.mark.parametrize(
    ("rate", "allotment", "more", "fault"),
    [
        ("{allotted: {min: 2 Mbit/s, max: 1 Mbit/s}}", "", "", ":12:.*min 2 Mbit/s is above max 1 Mbit/s"),
        ("{allotted: {least: 1 kbit/s}}", "", "", ":12:.*least"),
        ("adaptive", ", allotment: {every: 1 s}", "", ":14:.*no stream's rate is allotted; expected rate: allotted"),
        ("allotted", ", allotment: {share: 0 %}", "", ":14:.*share"),
        ("allotted", ", allotment: {objective: best}", "", ":14:.*objective"),
        (
            "allotted",
            "",
            HANDED_OVER,
            ":12:.*rates are allotted, but up_3 hands nodes over; expected links without handover",
        ),
    ],
)
def test_impossible_allotment_is_refused_at_its_line(
    tmp_path: Path, rate: str, allotment: str, more: str, fault: str
) -> None:
    with pytest.raises(ScenarioError, match=f"small.yaml{fault}"):
        _load(tmp_path, rate, allotment, more)
