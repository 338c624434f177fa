"""Every input of every target is taken or refused as documented; what a broken reader does is seen as a failure."""

import os
from pathlib import Path

import pytest

from fuzz import harness

HARMLESS = ("takes_or_refuses",)
HARMFUL = {
    "raises": "ZeroDivisionError",
    "crashes": "SIGSEGV",
    "hangs": "Timeout",
    "takes_memory": "MemoryError",
}
"""Targets in `targets/_examples/`, and what the report of each must name."""


@pytest.mark.parametrize("name", harness.names())
def test_target_takes_or_refuses_every_input(name: str, tmp_path: Path, record_property) -> None:
    outcome = harness.run(name, tmp_path)
    record_property("fuzz", str(outcome))
    assert not outcome.failure, f"{outcome}\n{outcome.failure}"
    assert outcome.tried


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_example_passes_and_is_counted(name: str, tmp_path: Path) -> None:
    outcome = harness.run(f"_examples.{name}", tmp_path, seconds=0.2)
    assert not outcome.failure
    assert outcome.tried > outcome.refused > 0


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_example_is_reported(name: str, tmp_path: Path) -> None:
    outcome = harness.run(f"_examples.{name}", tmp_path, seconds=0.5)
    assert HARMFUL[name] in outcome.failure
    assert os.fspath(harness.HERE.parent) in outcome.failure or "input: " in outcome.failure
