"""One target in a process of its own: `python -m fuzz.child NAME SECONDS SEED FOLDER`.

It writes into FOLDER: `input`, the input that is being tried, so that the parent can show what ended this process, and
`result.json`.
"""

import faulthandler
import importlib
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

MEMORY_MIB = 1024
LONGEST_S = 30.0
BATCH = 200
"""Inputs between two looks at the clock's end; each batch has a seed of its own."""
SHOWN = 4000
"""Characters of an input in a report."""


class Trial:
    """Tries inputs until the time is up and counts them."""

    def __init__(self, target: Any, seconds: float, folder: Path) -> None:
        self.target, self.end, self.folder = target, time.monotonic() + seconds, folder
        self.tried = self.refused = 0
        self.longest_s = 0.0

    def __call__(self, value: Any) -> None:
        if time.monotonic() > self.end and not self.failed:
            return
        (self.folder / "input").write_text(repr(value)[:SHOWN])
        longest = getattr(self.target, "LONGEST_S", LONGEST_S)
        faulthandler.dump_traceback_later(longest, exit=True)
        began = time.monotonic()
        self.tried += 1
        self.failed = True
        try:
            self.target.attempt(value)
        except self.target.REFUSED:
            self.refused += 1
        finally:
            faulthandler.cancel_dump_traceback_later()
            self.longest_s = max(self.longest_s, time.monotonic() - began)
        self.failed = False

    failed = False
    """Whether the last input failed: while hypothesis shrinks it, the time that is set for the search does not count."""


def bound_memory(mib: int) -> None:
    """Let this process map at most `mib` more MiB than it does now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + (mib << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def draw(inputs: Any, number: int, most: int, trial: Callable[[Any], None]) -> None:
    """Try up to `most` inputs, those of seed `number`."""

    @seed(number)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def run(value: Any) -> None:
        trial(value)

    run()


def search(trial: Trial, inputs: Any, first: int) -> str:
    """Return the report of the first failure; empty if there was none."""
    number = first << 32
    while time.monotonic() < trial.end:
        try:
            draw(inputs, number, BATCH, trial)
        except BaseException:  # a MemoryError or an exit is a finding too
            return traceback.format_exc()
        number += 1
    return ""


def main(name: str, seconds: str, first: str, place: str) -> None:
    folder = Path(place)
    target = importlib.import_module(f"fuzz.targets.{name}")
    getattr(target, "prepare", lambda: None)()
    # Hypothesis builds its tables of characters, 200 MB, at the first draw.
    draw(target.INPUTS, 0, 1, lambda value: None)
    bound_memory(getattr(target, "MEMORY_MIB", MEMORY_MIB))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    trial = Trial(target, float(seconds), folder)
    report = search(trial, target.INPUTS, int(first))
    result = {
        "tried": trial.tried,
        "refused": trial.refused,
        "wall_s": round(time.monotonic() - began, 1),
        "longest_s": round(trial.longest_s, 2),
        "memory_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) >> 10,
        "report": report,
    }
    (folder / "result.json").write_text(json.dumps(result))
    sys.stdout.flush()
    # Some libraries' threads crash on a common exit; what they do afterwards is not what is tried here.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
