"""A sweep's cells as tasks: what a worker needs to make one, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.errors import NodeError, SimnetError
from simnet.runfolder import sweep_writer
from simnet.runfolder.folder_names import cell_folder
from simnet.runfolder.sweep_reader import exports_of, has_cell

if TYPE_CHECKING:
    from simnet.engine.cached.cache_statistics import CacheCounters
    from simnet.records import Scenario
    from simnet.store import Store


@dataclass(frozen=True, slots=True)
class Task:
    """A cell to make: all that a worker needs, wherever it is."""

    cell: str
    scenario: Scenario
    overrides: tuple[str, ...]
    command: str
    scenario_text: str
    folder: Path
    store: Path
    store_bytes: int
    exports: tuple[str, ...] = ()
    """What the cell is to be exported as, of `simnet.exports.KINDS`."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a task came to."""

    cell: str
    ran: bool = False
    """False where somebody else has made the cell meanwhile."""
    failed: str | None = None
    counts: dict[str, int] = field(default_factory=dict[str, int])


def make(task: Task) -> Made:
    """Run a cell into its folder; called by a worker. What goes wrong is told in the answer, in one line."""
    from simnet.engine.cached.cache_statistics import CacheCounters

    if has_cell(task.folder, task.cell, task.exports):
        return Made(task.cell)
    counters = CacheCounters()
    try:
        _check(task)
        ran = _make(task, counters)
    except SimnetError as error:
        return Made(task.cell, failed=str(error), counts=asdict(counters))
    except Exception as error:  # one cell's fault, whatever it is, must not end the others
        reason = " ".join(str(error).split())
        return Made(task.cell, failed=f"{type(error).__name__}: {reason}", counts=asdict(counters))
    return Made(task.cell, ran, counts=asdict(counters))


def _make(task: Task, counters: CacheCounters) -> bool:
    from simnet.engine.cell import run_cell
    from simnet.engine.run_options import Invocation, RunOptions

    # A cell that lacks an export is made again; what it has been exported as stays.
    there = exports_of(cell_folder(task.folder, task.cell))
    exports = tuple(dict.fromkeys((*task.exports, *there)))
    options = RunOptions(invocation=Invocation(task.command, task.overrides, task.scenario_text), exports=exports)
    store = _store(task.store, task.store_bytes)

    def fill(path: Path) -> None:
        run_cell(task.scenario, path, store, counters, options)

    return sweep_writer.make_cell(task.folder, task.cell, fill, exports)


def _check(task: Task) -> None:
    """Raise NodeError unless this worker sees what whoever named the cell saw: the same code, checkpoints and pictures."""
    from simnet.sweeps import cell_identity

    if cell_identity.CellNames().name(task.scenario) != task.cell:
        raise NodeError("a worker has other code, libraries, checkpoints or pictures; expected those of this command")


@lru_cache(maxsize=1)
def _store(folder: Path, limit_bytes: int) -> Store:
    """Return the process's own way to the store."""
    from simnet.store import Store

    return Store(folder, limit_bytes)
