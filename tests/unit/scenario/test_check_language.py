"""A scenario's `expect`: read, refused by line, and held against summaries."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from simnet import scenario
from simnet.errors import ScenarioError
from simnet.scenario.schema.expect_schema import ExpectSpec

HEAD = """# Two cars.
expect:
  shows: half of them are lost
  variants:
    open: [streams.*.transport=none, streams.*.codec=jpeg]
  checks:
    -"""


def stream(**given: float | None) -> dict[str, float | None]:
    return {"frames": 10, "decoded": 8, "lost": 2, "kbit_s": 100.0, "psnr_db": 30.0, "side_gain_db": None, **given}


SUMMARIES = {
    "": {"car_1/front": stream(), "car_2/front": stream(lost=1, decoded=9, psnr_db=34.0)},
    "open": {"car_1/front": stream(lost=7), "car_2/front": stream(lost=6)},
}


def read(tmp_path: Path, check: str) -> ExpectSpec:
    file = tmp_path / "cars.yaml"
    file.write_text(f"{HEAD} {json.dumps(check)}\nseed: 1\n")
    expected = scenario.expectation(str(file))
    assert expected is not None
    return expected


@pytest.mark.parametrize(
    ("check", "sides", "holds"),
    [
        ("lost(*/front) in open > 4 * lost(*/front)", (13, 12), True),
        ("lost(car_1/front) in open > 4 * lost(car_1/front)", (7, 8), False),
        ("psnr_db(*/front) >= 32", (32, 32), True),
        ("psnr_db(car_2/front) < psnr_db(car_1/front) + 3.5", (34, 33.5), False),
        ("missed(*) <= 0.2 * frames(*) - 1", (3, 3), True),
        ("in_time(*) - 2 * lost(*) + 1 < 5", (12, 5), False),
        ("kbit_s(*) > 0.5 * kbit_s(*) in open", (200, 100), True),
    ],
)
def test_check_is_parsed(check: str, sides: tuple[float, float], holds: bool, tmp_path: Path) -> None:
    expected = read(tmp_path, check)
    assert expected.shows == "half of them are lost"
    assert expected.variants == {"open": ["streams.*.transport=none", "streams.*.codec=jpeg"]}
    (parsed,) = expected.checks
    assert parsed.text == check
    assert parsed.variants == ({"", "open"} if "open" in check else {""})
    assert parsed.sides(SUMMARIES) == pytest.approx(sides)
    assert parsed.holds(SUMMARIES) is holds


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("lost(*)", "is no comparison"),
        ("lost(*) > 1 > 0", "is no comparison"),
        ("lost(*)>1", "is no comparison"),
        ("lots(*) > 1", "no measure 'lots'; expected one of: frames, "),
        ("lost(*) in shut > 1", "no variant 'shut'; expected one of: open"),
        ("3 * > 1", "'3 .' is no term"),
        ("1 + > 1", "no term"),
        ("__import__('os') > 1", "no measure '__import__'"),
        ("lost(*) * 2 > 1", "no term"),
        ("-1 < lost(*)", "no term"),
    ],
)
def test_malformed_check_is_refused_with_its_place(check: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=message) as raised:
        read(tmp_path, check)
    assert str(raised.value).startswith(f"{tmp_path / 'cars.yaml'}:7:7: expect.checks.0: ")


@pytest.mark.parametrize("check", ["lost(bus/*) > 1", "side_gain_db(*) > 0"])
def test_check_without_a_number_is_refused(check: str, tmp_path: Path) -> None:
    expected = read(tmp_path, check)
    with pytest.raises(ScenarioError, match=r"of [02] streams have it"):
        expected.checks[0].holds(SUMMARIES)


def test_scenario_needs_no_expectation(tmp_path: Path) -> None:
    file = tmp_path / "silent.yaml"
    file.write_text("# Expected to run.\nseed: 1\n")
    assert scenario.expectation(str(file)) is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("[lost(*) > 1]", "expect: ['lost(*) > 1'] is no mapping; expected keys shows, variants, checks"),
        ("{shows: much, checkz: []}", "expect.checkz: unknown key (did you mean 'checks'?); expected one of: shows, "),
        ("{checks: []}", "expect.shows: required key is missing; expected shows: Half of the frames are late."),
    ],
)
def test_keys_of_expect_are_checked(written: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "cars.yaml"
    file.write_text(f"expect: {written}\n")
    with pytest.raises(ScenarioError, match=re.escape(message)):
        scenario.expectation(str(file))


def test_expect_is_no_part_of_the_resolved_scenario(tmp_path: Path) -> None:
    text = scenario.find("lossy_link").read_text()
    file = tmp_path / "lossy_link.yaml"
    file.write_text(re.sub(r"(?ms)^expect:.*?^(?=seed)", "", text))
    without = scenario.load(str(file))
    assert scenario.expectation(str(file)) is None
    assert dataclasses.replace(without, path="") == dataclasses.replace(scenario.load("lossy_link"), path="")
