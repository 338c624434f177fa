"""Each shipped scenario shows what it is expected to show."""

import functools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simnet import cli, scenario
from simnet.engine import expectations
from simnet.store import Store
from support.places import ROOT

SHORTER = {
    "city_cell": "2 s",
    "drone_relay": "4 s",
    "drone_survey": "2 s",
    "edge_tasks": "1 s",
    "intersection": "1 s",
    "lossy_link": "4 s",
    "satellite": "6 s",
    "shared_air": "2 s",
    "stereo_pair": "500 ms",
    "stereo_unsynchronised": "500 ms",
    "tunnel_convoy": "5 s",
    "vehicle_convoy": "2 s",
    "vehicle_platoon": "3 s",
    "wired_anchor": "500 ms",
}
"""Where the finding shows in less than the scenario's own duration."""

Proven = Callable[[str], tuple[list[expectations.Proof], Path]]


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proven]:
    """Prove a shipped scenario once; return how each check fared and the folder of the runs."""
    with closing(Store(tmp_path_factory.mktemp("store"))) as store:

        @functools.cache
        def prove(name: str) -> tuple[list[expectations.Proof], Path]:
            overrides = [f"duration={SHORTER[name]}"] if name in SHORTER else []
            out, expected = tmp_path_factory.mktemp(name), scenario.expectation(name)
            assert expected is not None
            return expectations.prove(name, expected, out, store, overrides), out

        yield prove


@pytest.mark.parametrize("name", [name for name, _, _ in scenario.list_shipped()])
def test_shipped_scenario_shows_what_it_states(name: str, proven: Proven) -> None:
    expected = scenario.expectation(name)
    assert expected is not None
    assert re.search(r"\d", expected.shows)  # in figures
    assert expected.checks
    proofs, out = proven(name)
    assert [proof for proof in proofs if not proof.holds] == []
    for file in out.glob("*/run.json"):
        for stream in json.loads(file.read_text())["summary"]["streams"].values():
            assert stream["decoded"] + stream["late"] > 0
            assert stream["psnr_db"] > 18


def test_side_information_pays_for_every_follower_of_the_platoon(proven: Proven) -> None:
    _, out = proven("vehicle_platoon")
    streams = json.loads((out / "as_it_is" / "run.json").read_text())["summary"]["streams"]
    gains = {name: stream["side_gain_db"] for name, stream in streams.items()}
    assert gains.pop("leader/front") is None  # it leads: no other camera has seen the place before
    assert len(gains) == 3
    assert min(gains.values()) > 0.2


def test_each_has_a_small_picture() -> None:
    for name, _, _ in scenario.list_shipped():
        assert (ROOT / "scenarios" / "gallery" / f"{name}.jpg").stat().st_size < 25_000


@pytest.mark.parametrize(("holds", "status", "word"), [(True, 0, "holds"), (False, 1, "FAILS")])
def test_check_expected_reports_each_check(
    holds: bool, status: int, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    asked = []

    def prove(*arguments: object) -> list[expectations.Proof]:
        asked.append(arguments)
        return [expectations.Proof("late(*) < 2", 0.5, 2.0, True), expectations.Proof("lost(*) > 2", 1.25, 2.0, holds)]

    monkeypatch.setattr(expectations, "prove", prove)
    assert cli.main(["check", "lossy_link", "--expected", "--set", "seed=3"]) == status
    expected = scenario.expectation("lossy_link")
    assert expected is not None
    told = [expected.shows, "holds  late(*) < 2   (0.5 and 2)", f"{word}  lost(*) > 2   (1.25 and 2)"]
    assert capsys.readouterr().out.splitlines() == told
    ((name, given, _, _, overrides),) = asked
    assert (name, given, overrides) == ("lossy_link", expected, ["seed=3"])


def test_scenario_without_expectation_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "silent.yaml"
    file.write_text("# Cars.\nseed: 1\n")
    assert cli.main(["check", str(file), "--expected"]) == 2
    assert (
        "no checks in the file; expected e.g. expect: {shows: few losses, checks: [lost(*) < 3]}"
        in capsys.readouterr().err
    )
