"""Runs a sweep from grid to table and page: existing cells are kept, missing cells run on Dask workers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet import compute_device, exports, scenario
from simnet.interrupts import CancelToken
from simnet.library_threads import processors
from simnet.runfolder import sweep_reader, sweep_writer
from simnet.runfolder.sweep_records import Point
from simnet.store import Store
from simnet.sweeps import cell_identity, cell_runner, cell_weights, grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simnet.sweeps.grid import Grid, GridPoint


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """Options for running a sweep; none of them changes a table."""

    out: Path
    store: Path
    store_bytes: int
    scheduler: str | None = None
    """Address of a Dask scheduler, `tcp://host:port`, whose workers see the same files; None: workers of this machine."""
    workers: int | None = None
    """Number of workers of this machine; None: one per processor."""
    report: bool = True
    command: str = ""
    exports: Sequence[str] = ()
    """Kinds of each cell's exports, from `simnet.exports.KINDS`."""
    progress: Callable[[int, int], None] = lambda _done, _total: None
    """Called with cells done and cells to run, at the start and after each cell."""
    watch: Callable[[float, float, str], None] = lambda _done, _total, _said: None
    """Called now and then with the work done, all work (see `cell_weights`) and both in words; also from another thread."""
    cancel: CancelToken = field(default_factory=CancelToken)
    """Cancels the sweep: KeyboardInterrupt is raised after the next cell."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """Folder, counts and failures of a finished sweep."""

    folder: Path
    cells: int
    ran: int
    reused: int
    failed: tuple[str, ...]
    """Each failing point and its reason, one line."""
    counts: dict[str, int] = field(default_factory=dict[str, int])
    wall_s: float = 0.0
    table: Path | None = None
    report: Path | None = None

    def plain(self) -> dict[str, Any]:
        """Return the JSON object that `simnet sweep --json` prints."""
        return {
            "cells": self.cells,
            "ran": self.ran,
            "reused": self.reused,
            "failed": len(self.failed),
            "encodes": self.counts.get("encodes", 0),
            "decodes": self.counts.get("decodes", 0),
            "renders": self.counts.get("renders", 0),
            "scores": self.counts.get("scores", 0),
            "wall_s": round(self.wall_s, 3),
            "failures": list(self.failed),
            "table": str(self.table) if self.table else None,
            "report": str(self.report) if self.report else None,
        }


def run(wanted: Grid, options: SweepOptions) -> SweepResult:
    """Run the cells of a grid that are not in the folder yet, then write its table and page.

    Raises:
        InputError: The scenario does not allow the grid, the folder is not that of a sweep, the cache cannot be used, or no
            scheduler answers at the address.
    """
    began = time.perf_counter()
    exports.check(options.exports, has_pictures=True, is_resumed=False)
    points = grid.points(wanted)
    names = cell_identity.CellNames()
    named = {point.point: names.name(point.scenario) for point in points}
    out = options.out.absolute()
    sweep_writer.prepare(out, time.time())
    tasks = _tasks(wanted, options, points, named)
    if tasks:
        # Opening it here makes a fault of the cache one error, before any worker starts.
        Store(options.store, options.store_bytes).close()
    for point in points:
        sweep_writer.write_point(out, _record(point, named[point.point]))
    counts: dict[str, int] = {}
    failed: dict[str, str] = {}
    ran = 0
    weights = cell_weights.weights(points, named, [task.cell for task in tasks])
    whole = sum(weights.values())

    def watch(done: float, ended: int) -> None:
        options.watch(done, whole, f"{ended} of {len(tasks)} cells")

    options.progress(0, len(tasks))
    watch(0.0, 0)
    for number, result in enumerate(_make_all(tasks, options, weights, watch), start=1):
        ran += result.ran
        for name, count in result.counts.items():
            counts[name] = counts.get(name, 0) + count
        if result.failed is not None:
            failed[result.cell] = result.failed
        options.cancel.raise_if_set()
        options.progress(number, len(tasks))
    without = [_record(each, cell, failed[cell]) for each in points if (cell := named[each.point]) in failed]
    for point in without:
        sweep_writer.write_point(out, point)
    lines = tuple(f"{point.label}: {point.failed}" for point in without)
    sweep_table, sweep_page = _write(out, report=options.report)
    reused = len(points) - ran - len(without)
    wall_s = time.perf_counter() - began
    return SweepResult(out, len(points), ran, reused, lines, counts, wall_s, sweep_table, sweep_page)


def _tasks(
    wanted: Grid, options: SweepOptions, points: Sequence[GridPoint], named: dict[str, str]
) -> list[cell_runner.CellTask]:
    """Return one task for each missing cell, even if several points share it."""
    text = scenario.find(wanted.scenario).read_text(encoding="utf-8")
    tasks: dict[str, cell_runner.CellTask] = {}
    for point in points:
        cell = named[point.point]
        if cell not in tasks and not sweep_reader.has_cell(options.out, cell, options.exports):
            tasks[cell] = cell_runner.CellTask(
                cell=cell,
                scenario=point.scenario,
                overrides=point.overrides,
                command=options.command,
                scenario_text=text,
                folder=options.out.absolute(),
                store=options.store.absolute(),
                store_bytes=options.store_bytes,
                exports=tuple(options.exports),
                device=compute_device.chosen(),
            )
    return list(tasks.values())


def _make_all(
    tasks: list[cell_runner.CellTask],
    options: SweepOptions,
    weights: dict[str, float],
    watch: Callable[[float, int], None],
) -> Iterator[cell_runner.CellResult]:
    """Yield the result of each task as it ends."""
    if not tasks:
        return
    from simnet.sweeps import workers  # imports distributed

    with workers.connected(options.scheduler, min(options.workers or processors(), len(tasks))) as pool:
        yield from pool.each(cell_runner.make, tasks, weights, watch)


def _record(point: GridPoint, cell: str, failed: str | None = None) -> Point:
    return Point(
        point=point.point,
        cell=cell,
        scenario=point.scenario.name,
        codec=point.codec,
        seed=point.scenario.seed,
        settings=point.settings,
        failed=failed,
    )


def _write(out: Path, *, report: bool) -> tuple[Path, Path | None]:
    from simnet.report.sweeps import sweep_table  # imports pyarrow

    sweep = sweep_reader.read(out)
    _, parquet = sweep_table.write(sweep)
    if not report:
        return parquet, None
    from simnet.report.sweeps import sweep_page

    return parquet, sweep_page.write([out])
