"""Runs a fuzz target in a child process and says what became of it. See the package's docstring."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support.places import ROOT

HERE = Path(__file__).parent
SECONDS = float(os.environ.get("SIMNET_FUZZ_SECONDS", "1"))
"""Seconds that each target searches for."""
SEED = int(os.environ.get("SIMNET_FUZZ_SEED", "0"))
OPENING_S = 180.0
"""Seconds that a child may take beyond its search: imports and `prepare` on a busy machine, and shrinking a failure."""


@dataclass(frozen=True)
class Outcome:
    """A target's result; `failure` is empty if every input was taken or refused as documented."""

    name: str
    tried: int = 0
    refused: int = 0
    wall_s: float = 0
    longest_s: float = 0
    memory_mib: int = 0
    failure: str = ""

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.tried} inputs in {self.wall_s:.0f} s, {self.refused} refused, "
            f"longest {self.longest_s:.2f} s, {self.memory_mib} MiB more memory"
        )


def names() -> list[str]:
    """Names of all targets."""
    return sorted(file.stem for file in (HERE / "targets").glob("*.py") if not file.stem.startswith("_"))


def run(name: str, folder: Path, seconds: float = SECONDS, seed: int = SEED) -> Outcome:
    """Search in the named target."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")))
    command = [sys.executable, "-X", "faulthandler", "-m", "fuzz.child", name, str(seconds), str(seed), str(folder)]
    # OpenVINO's and OpenBLAS's threads reserve address space for each core, which is bounded here.
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    log = folder / "log"
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                command,
                env=environment,
                cwd=folder,
                stdout=output,
                stderr=output,
                timeout=seconds + OPENING_S,
                check=False,
            )
            ended = _ended(done.returncode)
        except subprocess.TimeoutExpired:
            ended = f"did not end within {seconds + OPENING_S:.0f} s"
    if (folder / "result.json").is_file():
        result = json.loads((folder / "result.json").read_text())
        failure = result.pop("report")
        return Outcome(name, **result, failure=failure)
    tried = (folder / "input").read_text() if (folder / "input").is_file() else "none yet"
    return Outcome(name, failure=f"{ended}\ninput: {tried}\n{log.read_text(errors='replace')[-6000:]}")


def _ended(status: int) -> str:
    if status < 0:
        return f"the process was ended by {signal.Signals(-status).name}"
    return f"the process ended with status {status}: its traceback, or that of an input that took too long, is below"
