"""Runs come to what they came to when `expected.json` was made: those that are alike on every machine, a few of each sort.

After a change that is meant to alter runs, from this folder: `python freeze.py --only exact --exact --out expected.json`.
"""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_runs_are_what_they_were() -> None:
    command = [sys.executable, HERE / "freeze.py", "--only", "quick", "--compare", HERE / "expected.json", "-j", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_every_exact_run_is_written_down() -> None:
    listed = [sys.executable, HERE / "freeze.py", "--only", "exact", "--list"]
    names = {line.split()[0] for line in subprocess.check_output(listed, text=True).splitlines()}
    runs = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))["runs"]
    assert set(runs) == names
