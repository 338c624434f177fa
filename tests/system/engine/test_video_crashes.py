"""Hosts and leader killed while pictures of an ended chain of an inter-coded stream are still on their way.

car/a ──▶ hub ◀── van/b     hevc and h264; van/b is decoded with car/a, hub/s and its own last picture
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simnet import engine
from simnet.engine.recovery.journal import Journal
from simnet.engine.run_options import RunOptions
from simnet.records import Scenario
from simnet.runfolder import run_reader
from support.killing import Victims, kill_leader
from support.tiny_runs import MS, Ran

Run = Callable[..., Ran]
DURATION_NS = 3000 * MS


def _told(ran: Ran) -> tuple:
    return ran.result.summary["fingerprint"], [replace(row, run="") for row in ran.read.rows]


@pytest.fixture
def keyed(tiny: Scenario) -> Scenario:
    """Every third frame is a key frame, so that among the pictures on their way there always is one, and not the first."""
    streams = [
        replace(stream, codec=codec, key_interval_ns=300 * MS)
        for stream, codec in zip(tiny.streams, ("hevc", "h264"), strict=True)
    ]
    return replace(tiny, streams=tuple(streams), duration_ns=DURATION_NS)


@pytest.mark.parametrize("at_ms", [1300, 2300])
def test_pictures_of_an_ended_chain_are_requested_again(
    keyed: Scenario, run: Run, victims: Victims, at_ms: int
) -> None:
    killed = run(keyed, hosts=2, progress=victims.when(at_ms * MS, "host-1"))
    assert _told(killed) == _told(run(keyed))
    assert killed.result.summary["restarts"] == 1


@pytest.mark.parametrize("instants", [27, 29])
def test_resumed_run_requests_pictures_of_an_ended_chain(
    keyed: Scenario, run: Run, tmp_path: Path, instants: int
) -> None:
    out = tmp_path / "killed"
    kill_leader(keyed, out, 0, instants)
    journal, _ = Journal.resume(out)
    resumed = Ran(engine.run(keyed, out, RunOptions(journal=journal, report=False)), run_reader.read(out))
    assert _told(resumed) == _told(run(keyed))
