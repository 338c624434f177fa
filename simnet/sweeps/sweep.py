"""A sweep from grid to table and page: what is there is kept, what is missing is run on Dask's workers."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet import exports
from simnet.interrupts import CancelToken
from simnet.runfolder import sweep_reader, sweep_writer
from simnet.runfolder.sweep_records import Point
from simnet.store import Store
from simnet.sweeps import cell_identity, cell_runner, grid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simnet.sweeps.grid import Grid, GridPoint


@dataclass(frozen=True, slots=True)
class Means:
    """How a sweep is run; nothing of it changes a table."""

    out: Path
    store: Path
    store_bytes: int
    scheduler: str | None = None
    """Address of a Dask scheduler, `tcp://host:port`, whose workers see the same files; None: workers of this machine's own."""
    workers: int | None = None
    """How many of this machine's own; None: one a processor."""
    report: bool = True
    command: str = ""
    exports: Sequence[str] = ()
    """What each cell is exported as, of `simnet.exports.KINDS`."""
    progress: Callable[[int, int], None] = lambda _done, _total: None
    """Called with cells done and cells to run, at the start and after each."""
    cancel: CancelToken = field(default_factory=CancelToken)
    """Ends the sweep early, by KeyboardInterrupt after the next cell."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a sweep came to."""

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


def run(asked: Grid, means: Means) -> Done:
    """Run the cells of a grid that are not in the folder yet, then write its table and page.

    Raises:
        InputError: A grid that the scenario does not allow, a folder that is no sweep's, a cache that cannot be used, or no
            scheduler at the address.
    """
    began = time.perf_counter()
    exports.check(means.exports, has_pictures=True, is_resumed=False)
    points = grid.points(asked)
    names = cell_identity.CellNames()
    named = {point.point: names.name(point.scenario) for point in points}
    out = means.out.absolute()
    sweep_writer.prepare(out, time.time())
    tasks = _tasks(asked, means, points, named)
    if tasks:
        # Said once, and before any worker is started.
        Store(means.store, means.store_bytes).close()
    for point in points:
        sweep_writer.write_point(out, _record(point, named[point.point]))
    counts: dict[str, int] = {}
    failed: dict[str, str] = {}
    ran = 0
    means.progress(0, len(tasks))
    for number, made in enumerate(_make_all(tasks, means), start=1):
        ran += made.ran
        for name, count in made.counts.items():
            counts[name] = counts.get(name, 0) + count
        if made.failed is not None:
            failed[made.cell] = made.failed
        means.cancel.raise_if_set()
        means.progress(number, len(tasks))
    without = [_record(each, cell, failed[cell]) for each in points if (cell := named[each.point]) in failed]
    for point in without:
        sweep_writer.write_point(out, point)
    lines = tuple(f"{point.label}: {point.failed}" for point in without)
    sweep_table, sweep_page = _write(out, report=means.report)
    reused = len(points) - ran - len(without)
    return Done(out, len(points), ran, reused, lines, counts, time.perf_counter() - began, sweep_table, sweep_page)


def _tasks(asked: Grid, means: Means, points: Sequence[GridPoint], named: dict[str, str]) -> list[cell_runner.Task]:
    """Return a task for each cell that is not there, once, however many points it answers."""
    from simnet import scenario

    text = scenario.find(asked.scenario).read_text(encoding="utf-8")
    tasks: dict[str, cell_runner.Task] = {}
    for point in points:
        cell = named[point.point]
        if cell not in tasks and not sweep_reader.has_cell(means.out, cell, means.exports):
            tasks[cell] = cell_runner.Task(
                cell=cell,
                scenario=point.scenario,
                overrides=point.overrides,
                command=means.command,
                scenario_text=text,
                folder=means.out.absolute(),
                store=means.store.absolute(),
                store_bytes=means.store_bytes,
                exports=tuple(means.exports),
            )
    return list(tasks.values())


def _make_all(tasks: list[cell_runner.Task], means: Means) -> Iterator[cell_runner.Made]:
    """Yield what each task came to, as they end."""
    if not tasks:
        return
    from simnet.sweeps import workers

    with workers.connected(means.scheduler, min(means.workers or os.cpu_count() or 1, len(tasks))) as pool:
        yield from pool.each(cell_runner.make, tasks)


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
    from simnet.report.sweeps import sweep_table

    sweep = sweep_reader.read(out)
    _, parquet = sweep_table.write(sweep)
    if not report:
        return parquet, None
    from simnet.report.sweeps import sweep_page

    return parquet, sweep_page.write([out])
