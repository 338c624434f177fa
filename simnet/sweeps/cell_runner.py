"""Tasks that run the cells of a sweep on workers, and their results."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import compute_device
from simnet.engine.cached.cache_statistics import CacheCounters
from simnet.engine.run_options import Invocation, RunOptions
from simnet.errors import NodeError, SimnetError
from simnet.runfolder import sweep_writer
from simnet.runfolder.folder_names import cell_folder
from simnet.runfolder.sweep_reader import exports_of, has_cell
from simnet.store import Store
from simnet.sweeps import cell_identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.records import Scenario

TELL_S = 1.0
"""Time between two reports of a cell's progress."""


@dataclass(frozen=True, slots=True)
class CellTask:
    """Everything that a worker needs to run a cell."""

    cell: str
    scenario: Scenario
    overrides: tuple[str, ...]
    command: str
    scenario_text: str
    folder: Path
    store: Path
    store_bytes: int
    exports: tuple[str, ...] = ()
    """Kinds of the cell's exports, from `simnet.exports.KINDS`."""
    device: str = compute_device.CPU
    """The device that its codecs compute on."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """Outcome of a task."""

    cell: str
    ran: bool = False
    """False if another process has made the cell in the meantime."""
    failed: str | None = None
    counts: dict[str, int] = field(default_factory=dict[str, int])


def make(task: CellTask, tell: Callable[[float], None] = lambda _share: None) -> CellResult:
    """Run a cell into its folder; called by a worker. A failure is one line of the result.

    Args:
        task: The cell.
        tell: Called every TELL_S with the share that is done.
    """
    if has_cell(task.folder, task.cell, task.exports):
        return CellResult(task.cell)
    counters = CacheCounters()
    try:
        _check(task)
        ran = _make(task, counters, tell)
    except SimnetError as error:
        return CellResult(task.cell, failed=str(error), counts=asdict(counters))
    except Exception as error:  # a fault of one cell must not stop the others
        reason = " ".join(str(error).split())
        return CellResult(task.cell, failed=f"{type(error).__name__}: {reason}", counts=asdict(counters))
    return CellResult(task.cell, ran, counts=asdict(counters))


def _make(task: CellTask, counters: CacheCounters, tell: Callable[[float], None]) -> bool:
    from simnet.engine.cell import run_cell  # imports cv2

    # A cell that lacks an export is made again, including its present exports.
    present = exports_of(cell_folder(task.folder, task.cell))
    exports = tuple(dict.fromkeys((*task.exports, *present)))
    invocation = Invocation(task.command, task.overrides, task.scenario_text, task.device)
    options = RunOptions(invocation=invocation, exports=exports, progress=_by_time(tell, task.scenario.duration_ns))
    store = _store(task.store, task.store_bytes)

    def fill(path: Path) -> None:
        run_cell(task.scenario, path, store, counters, options)

    return sweep_writer.make_cell(task.folder, task.cell, fill, exports)


def _by_time(tell: Callable[[float], None], duration_ns: int) -> Callable[[int], None]:
    """Return a run's `progress` that tells the share every TELL_S."""
    told_s = 0.0

    def progress(now_ns: int) -> None:
        nonlocal told_s
        if (now_s := time.monotonic()) - told_s >= TELL_S:
            told_s = now_s
            tell(now_ns / duration_ns)

    return progress


def _check(task: CellTask) -> None:
    """Raise NodeError unless this worker has the code, checkpoints and pictures of the process that named the cell."""
    if (own := compute_device.chosen()) != task.device:
        raise NodeError(
            f"a worker computes on {own}, the command on {task.device}; expected {compute_device.VARIABLE}={task.device} in its "
            "environment"
        )
    if cell_identity.CellNames().name(task.scenario) != task.cell:
        raise NodeError("a worker has other code, libraries, checkpoints or pictures; expected those of this command")


@lru_cache(maxsize=1)
def _store(folder: Path, limit_bytes: int) -> Store:
    """Return the store, opened once per process."""
    return Store(folder, limit_bytes)
