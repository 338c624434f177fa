"""Virtual time paced by the wall clock."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from simnet.engine.kernel.pace import Pace
from simnet.records import Scenario
from support.tiny_runs import MS, Ran

Run = Callable[..., Ran]


def test_paced_run_takes_wall_time_with_equal_rows(tiny: Scenario, run: Run) -> None:
    seen: list[tuple[int, float]] = []
    paced = run(tiny, realtime=1.5, progress=lambda now_ns: seen.append((now_ns, time.monotonic())))
    free = run(tiny)
    assert paced.result.summary["fingerprint"] == free.result.summary["fingerprint"]
    assert [replace(row, run="") for row in paced.read.rows] == [replace(row, run="") for row in free.read.rows]
    (first_ns, began), (last_ns, ended) = seen[0], seen[-1]
    said = paced.result.summary["realtime"]
    late_s = said["worst_ms"] / 1000  # by the run's own count, on a busy machine
    assert ended - began == pytest.approx(1.5 * (last_ns - first_ns) / 1e9, abs=0.3 + late_s)
    assert said["factor"] == 1.5
    assert said["deadlines"] > 40
    assert said["missed"] < said["deadlines"]
    assert free.result.summary["realtime"] is None


def test_slow_paced_run_counts_missed_instants(tiny: Scenario, run: Run) -> None:
    late = run(tiny, realtime=0.1, answer_delay_s=0.05)
    said = late.result.summary["realtime"]
    assert said["missed"] > said["deadlines"] / 2
    assert said["worst_ms"] > 100
    assert late.result.summary["fingerprint"] == run(tiny).result.summary["fingerprint"]
    assert late.read.manifest.summary.realtime == said


def test_late_instants_may_catch_up() -> None:
    wall = [100.0]
    pace = Pace(2.0, lambda: wall[0])
    assert pace.left_s(50 * MS) == 0
    pace.begin(50 * MS)
    assert pace.left_s(550 * MS) == pytest.approx(1.0)
    wall[0] += 1.005
    pace.begin(550 * MS)
    pace.begin(550 * MS)
    wall[0] += 3
    pace.begin(1050 * MS)
    assert pace.left_s(5050 * MS) == pytest.approx(10 - 4.005)
    assert pace.report() == {"factor": 2.0, "deadlines": 3, "missed": 1, "worst_ms": 2005.0}
