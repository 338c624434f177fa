"""What each shipped scenario is expected to show, it shows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simnet import cli, scenario
from simnet.engine import expectations
from simnet.store import Store
from support.places import ROOT

SHORTER = {
    "drone_survey": "4 s",
    "intersection": "3 s",
    "stereo_pair": "1 s",
    "stereo_unsynchronised": "1 s",
    "vehicle_convoy": "1500 ms",
    "vehicle_platoon": "2 s",
    "wired_anchor": "1 s",
}
"""Where learned codecs take their time, and what is found shows in less of it."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("store"))
    yield store
    store.close()


@pytest.mark.parametrize("name", [name for name, _, _ in scenario.list_shipped()])
def test_shipped_scenario_shows_what_it_states(name: str, store: Store, tmp_path: Path) -> None:
    expected = scenario.expectation(name)
    assert expected is not None
    assert re.search(r"\d", expected.shows)  # in figures
    assert expected.checks
    overrides = [f"duration={SHORTER[name]}"] if name in SHORTER else []
    proofs = expectations.prove(name, expected, tmp_path, store, overrides)
    assert [proof for proof in proofs if not proof.holds] == []


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
