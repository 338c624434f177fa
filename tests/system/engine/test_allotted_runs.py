"""Runs whose rates fusion allots: the same wherever nodes are, through the store, and after a kill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simnet import engine
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cell import run_cell
from simnet.engine.recovery.journal import Journal
from simnet.engine.run_options import RunOptions
from simnet.records import LossConfig, MediumConfig, RateConfig, Row, Scenario
from simnet.records.allotment_config import AllotmentConfig, AllottedConfig
from simnet.runfolder import run_reader
from simnet.store import Store
from support.killing import kill_leader
from support.tiny_runs import MS, Ran, change_links, change_streams


@pytest.fixture
def allotted(tiny: Scenario) -> Scenario:
    """Two cameras in a cell; the second is decoded with the first one's pictures."""
    lossy = change_links(tiny, bandwidth_bps=250e3, medium="cell", loss=LossConfig("independent", 0.05))
    rate = RateConfig("allotted", quality=0.25, allotted=AllottedConfig())
    scenario = change_streams(lossy, rate=rate, codec="jpeg+fuse")
    first, second = scenario.streams
    fusion = replace(scenario.fusion, allotment=AllotmentConfig(every_ns=300 * MS), wait_ns=100 * MS)
    return replace(
        scenario,
        streams=(first, replace(second, side_information=("car/a",))),
        fusion=fusion,
        media=(MediumConfig("cell", "cell", slot_ns=MS, at="hub"),),
        duration_ns=900 * MS,
    )


def test_allotted_run_is_the_same_everywhere(allotted: Scenario, run: Callable[..., Ran], tmp_path: Path) -> None:
    first = run(allotted)
    assert {row.side_sources for row in first.rows("van/b") if row.outcome.has_picture} >= {("car/a",)}
    qualities = [row.quality for row in first.rows("car/a")]
    assert qualities[-1] > qualities[0]
    fingerprint = first.result.summary["fingerprint"]
    assert run(allotted, hosts=2).result.summary["fingerprint"] == fingerprint
    cell = tmp_path / "cell"
    run_cell(allotted, cell, Store(tmp_path / "store", 10**8), CacheCounters(), RunOptions())
    assert _rows(run_reader.read(cell)) == _rows(first.read)


def test_allotted_run_goes_on_after_a_kill(allotted: Scenario, run: Callable[..., Ran], tmp_path: Path) -> None:
    out = tmp_path / "killed"
    kill_leader(allotted, out, 0, 7)
    journal, beginning = Journal.resume(out)
    engine.run(beginning.scenario, out, RunOptions(journal=journal, report=False))
    assert _rows(run_reader.read(out)) == _rows(run(allotted).read)


def _rows(read: run_reader.RunFolder) -> list[Row]:
    return [replace(row, run="") for row in read.rows]
