"""Sliced streams in whole runs: every frame ends in a row, bytes add up, and without loss concealment changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.cell import run_cell
from simnet.engine.run_options import RunOptions
from simnet.records import LossConfig, Outcome, Scenario, TransportConfig
from simnet.runfolder import run_reader
from simnet.store import Store
from support.tiny_runs import MS, Ran, change_links, change_streams

Run = Callable[..., Ran]


def sliced(tiny: Scenario, *, loss: float, height: int = 64, **changes: Any) -> Scenario:
    """The tiny scenario with pictures of 64 rows or more, half a second of them."""
    nodes = tuple(
        replace(node, cameras=tuple(replace(camera, height=height) for camera in node.cameras)) for node in tiny.nodes
    )
    lossy = change_links(replace(tiny, nodes=nodes, duration_ns=500 * MS), loss=LossConfig("independent", loss))
    return change_streams(lossy, **changes)


def test_rows_say_what_was_concealed_and_hosts_change_nothing(tiny: Scenario, run: Run, tmp_path: Path) -> None:
    scenario = sliced(tiny, loss=0.3, slices=2, concealment="side")
    here, there = run(scenario), run(scenario, hosts=2)
    cell = tmp_path / "cell"
    cell.mkdir()
    run_cell(scenario, cell, Store(tmp_path / "store", 1 << 28), CacheCounters(), RunOptions())
    prints = {here.result.summary["fingerprint"], there.result.summary["fingerprint"]}
    assert prints == {run_reader.read(cell).manifest.summary.fingerprint}
    rows = here.read.rows
    concealed = [row for row in rows if row.outcome is Outcome.CONCEALED]
    assert concealed
    assert {row.concealed for row in concealed} <= {0.5, 1.0}
    assert all(row.psnr_db is not None and row.packets_lost for row in concealed)
    assert all((row.concealed > 0) == (row.outcome is Outcome.CONCEALED) for row in rows)
    assert here.result.summary["streams"]["van/b"]["concealed"] == sum(row.stream == "van/b" for row in concealed)


def test_without_loss_concealment_changes_no_picture(tiny: Scenario, run: Run) -> None:
    prints = {
        concealment: run(sliced(tiny, loss=0.0, slices=2, concealment=concealment)).result.summary["fingerprint"]
        for concealment in ("none", "previous", "side")
    }
    assert len(set(prints.values())) == 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    codec=st.sampled_from(("jpeg", "webp", "hevc-intra", "jpeg+fuse")),
    slices=st.integers(1, 3),
    concealment=st.sampled_from(("none", "previous", "side")),
    loss=st.sampled_from((0.0, 0.2, 1.0)),
    transport=st.sampled_from(
        (TransportConfig(), TransportConfig("retransmission"), TransportConfig("fec", repair=0.5))
    ),
)
def test_any_sliced_run_ends_in_rows(
    tiny: Scenario, tmp_path_factory: pytest.TempPathFactory, codec, slices, concealment, loss, transport
) -> None:
    scenario = sliced(
        tiny,
        loss=loss,
        height=107,
        codec=codec,
        slices=slices,
        concealment=concealment if slices > 1 else "none",
        transport=transport,
    )
    folder = tmp_path_factory.mktemp("cell")
    (folder / "run").mkdir()
    run_cell(scenario, folder / "run", Store(folder / "store", 1 << 28), CacheCounters(), RunOptions())
    read = run_reader.read(folder / "run")
    assert len(read.rows) == 10
    sent = sum(each.sent_bytes for each in read.bins if each.link.endswith("-hub"))
    assert sum(row.link_bytes for row in read.rows) == sent
    for row in read.rows:
        assert (row.psnr_db is not None) == row.outcome.has_picture
        assert loss or row.outcome is Outcome.DECODED
        assert (row.concealed > 0) <= (slices > 1)
