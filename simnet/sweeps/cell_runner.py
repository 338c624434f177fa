"""A sweep's cells as tasks: what a worker needs to make one, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.errors import NodeError, SimnetError
from simnet.runfolder import sweep_writer
from simnet.runfolder.sweep_reader import has_cell

if TYPE_CHECKING:
    from simnet.engine.cached.cache_statistics import Counts
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
    from simnet.engine.cached.cache_statistics import Counts

    if has_cell(task.folder, task.cell):
        return Made(task.cell)
    counts = Counts()
    try:
        _check(task)
        ran = _make(task, counts)
    except SimnetError as error:
        return Made(task.cell, failed=str(error), counts=asdict(counts))
    except Exception as error:  # one cell's fault, whatever it is, must not end the others
        reason = " ".join(str(error).split())
        return Made(task.cell, failed=f"{type(error).__name__}: {reason}", counts=asdict(counts))
    return Made(task.cell, ran, counts=asdict(counts))


def _make(task: Task, counts: Counts) -> bool:
    from simnet.engine.cell import run_cell
    from simnet.engine.runner import Asked

    asked = Asked(task.command, task.overrides, task.scenario_text)
    store = _store(task.store, task.store_bytes)
    return sweep_writer.make_cell(
        task.folder, task.cell, lambda path: run_cell(task.scenario, path, store, counts, asked)
    )


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
