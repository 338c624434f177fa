"""The cells of a folder: made under another name and renamed when whole, so that many processes may share a folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.errors import InputError, NodeError, SimnetError
from simnet.runfolder.sweep_reader import CELLS, is_whole

if TYPE_CHECKING:
    from simnet.engine.cached.cache_statistics import Counts
    from simnet.records import Scenario
    from simnet.store import Store

MAKING = ".making"
"""Begins the names of cells that are not whole yet; what a killed sweep left of them is cleared away by age."""
STALE_S = 24 * 3600


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
    counts: dict[str, int] = field(default_factory=dict)


def is_there(folder: Path, cell: str) -> bool:
    """Return whether a cell is there, whole."""
    return is_whole(folder / CELLS / cell)


def make(task: Task) -> Made:
    """Run a cell into its folder; called by a worker. What goes wrong is told in the answer, in one line."""
    from simnet.engine.cached.cache_statistics import Counts

    if is_there(task.folder, task.cell):
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

    cells = task.folder / CELLS
    try:
        cells.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f"{MAKING}-", dir=cells))
    except OSError as error:
        raise InputError(f"{cells}: cannot be written to ({error.strerror}); expected a sweep's folder") from error
    try:
        asked = Asked(task.command, task.overrides, task.scenario_text)
        run_cell(task.scenario, aside / task.cell, _store(task.store, task.store_bytes), counts, asked)
        if not is_there(task.folder, task.cell):
            with suppress(OSError):  # what is left of a damaged one gives way
                os.rename(cells / task.cell, aside / "damaged")
            with suppress(OSError):
                os.rename(aside / task.cell, cells / task.cell)
                return True
        if not is_there(task.folder, task.cell):
            raise InputError(f"{cells / task.cell}: cannot be made; expected a sweep's folder that can be written to")
        return False  # somebody else was quicker, with the same cell
    finally:
        shutil.rmtree(aside, ignore_errors=True)


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


def clear(folder: Path, now_s: float) -> None:
    """Remove what killed sweeps have left half made, a day ago or more: a younger one may still be at work."""
    for left in (folder / CELLS).glob(f"{MAKING}-*"):
        with suppress(OSError):
            if now_s - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left, ignore_errors=True)
