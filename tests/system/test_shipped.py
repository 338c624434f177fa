"""Everything shipped works: scenarios run, and a wheel contains scenarios and models."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from simnet import engine, scenario
from support.places import ROOT

PLAIN = ("drone_relay", "lossy_link", "vehicle_platoon")
"""Run as users run them; as cells all shipped scenarios run in `test_expectations`."""


@pytest.mark.parametrize("name", PLAIN)
def test_shipped_scenario_runs_and_makes_its_page(name: str, tmp_path: Path) -> None:
    loaded = scenario.load(name, ["duration=300 ms"])
    summary = engine.run(loaded, tmp_path / "run").summary
    assert set(summary["streams"]) == {stream.name for stream in loaded.streams}
    for stream in summary["streams"].values():
        assert stream["frames"] == stream["decoded"] + stream["late"] + stream["lost"] + stream["corrupt"]
    assert (tmp_path / "run" / "report.html").stat().st_size > 100_000


def test_wheel_contains_scenarios_and_models(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(tmp_path), str(ROOT)], check=True, capture_output=True, timeout=240)
    (wheel,) = tmp_path.glob("*.whl")
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = "import simnet, sys; from simnet.cli import main; assert 'site' in simnet.__file__; sys.exit(main(sys.argv[1:]))"
    for arguments in (
        ["check", "vehicle_platoon"],
        ["check", "urban_5g"],
        ["check", "scenarios/stereo_pair.yaml"],
        ["ls"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=empty,
            env=os.environ | {"PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert {"atn", "factorized", "lowres", "ndic"} <= set(re.split(r"[,\s]+", done.stdout))
