"""Progress of long work on standard error: a bar with the time left on a terminal, a line every ten seconds elsewhere.

    work ── tell(done) ──▶ Meter ──▶ bar, or a line every EVERY_S
                            └── once, after EARLY_S: an estimate of time, memory and disk, if the whole takes over LONG_S

The estimate is measured on the beginning of the work itself: no table of speeds knows the machine at hand.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simnet import process_tree
from simnet.printable import printable
from simnet.readable import duration_text, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EVERY_S = 10.0
"""Time between two lines where there is no terminal."""
EARLY_S = 5.0
"""Work after which the rest is estimated."""
LONG_S = 60.0
"""Least estimate that is told."""
CORRECTION = 2.0
"""Factor by which an estimate is off when it is told anew, once twice the time has gone."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is shown: its name, its amount, and where it writes."""

    name: str
    total: float
    unit: str | None = ""
    """Unit of the amount, as in `3.2 of 10 s`; None: the note says all."""
    scale: float = 1.0
    """Units an amount of 1 has."""
    start: float = 0.0
    """Amount that an earlier process has done."""
    folder: Path | None = None
    """Folder that the work fills, for the estimate of the disk."""
    extra_bytes: int = 0
    """What it writes whatever its amount: at its end, or into the folders of `apart`."""
    apart: tuple[str, ...] = ()
    """Folders in `folder` that do not grow with the amount."""
    early_s: float = EARLY_S
    """Time after which the rest is estimated."""


@dataclass
class Meter:
    """Measures how fast work goes on."""

    work: Work
    clock: Callable[[], float] = time.monotonic
    memory: Callable[[], int] = process_tree.peak_bytes
    done: float = 0.0
    note: str = ""
    total: float = field(init=False)
    _began_s: float = field(init=False)
    _last_s: float = field(default=0.0, init=False)
    _first: tuple[float, float] | None = field(default=None, init=False)
    _told: tuple[float, float] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.total, self.done, self._began_s = self.work.total, self.work.start, self.clock()

    def tell(self, done: float, total: float | None = None, note: str = "") -> None:
        """Take how much is done."""
        self.done, self.note = done, note
        self.total = self.total if total is None else total
        now = self._last_s = self.clock()
        if self._first is None or done <= self._first[1]:
            self._first = now, done  # what went before was preparation

    @property
    def share(self) -> float:
        """Return the share that is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def left_s(self) -> float | None:
        """Return the time left at the pace so far; None before anything is done."""
        if self._first is None or self.done <= self._first[1]:
            return None
        return (self.total - self.done) * (self._last_s - self._first[0]) / (self.done - self._first[1])

    def line(self) -> str:
        """Return the state in one line."""
        gone = duration_text(self.clock() - self._began_s)
        if self._first is None:
            return f"{self.work.name}: preparing, {gone} so far"
        if self.done >= self.total:
            return f"{self.work.name}: finishing, {gone} so far"
        left = "" if self.left_s is None else f", about {duration_text(self.left_s)} left"
        return f"{self.work.name}: {100 * self.share:.0f} % ({self._amount()}), {gone} gone{left}"

    def estimate(self) -> str | None:
        """Return the estimate of the whole, if it is long; again when it has turned out to be far from that."""
        left_s = self.left_s
        if self._first is None or left_s is None or self.clock() - self._first[0] < self.work.early_s:
            return None
        gone_s = self.clock() - self._began_s
        whole_s = gone_s + left_s
        if self._told is None:
            is_worth = whole_s > LONG_S
        else:
            then_s, told_s = self._told
            is_worth = gone_s > 2 * then_s and not 1 / CORRECTION < whole_s / told_s < CORRECTION
        if not is_worth:
            return None
        self._told = gone_s, whole_s
        disk = self._disk_bytes()
        shown = f", {size_text(disk)} on the disk" if disk else ""
        text = f"{self.work.name}: takes about {duration_text(whole_s)} and {size_text(self.memory())} of memory{shown}"
        if disk and self.work.folder is not None and disk > (free := shutil.disk_usage(self.work.folder).free):
            text += f", which has only {size_text(free)} free"
        return text

    def _disk_bytes(self) -> float:
        begun = self.work.start / self.total if self.total else 0.0
        share = self.share - begun
        if self.work.folder is None or not self.work.folder.is_dir() or share <= 0:
            return 0.0
        growing = tree_bytes(self.work.folder) - sum(tree_bytes(self.work.folder / each) for each in self.work.apart)
        return max(0, growing) / self.share + self.work.extra_bytes

    def _amount(self) -> str:
        if self.work.unit is None:
            return self.note
        unit = f" {self.work.unit}" if self.work.unit else ""
        note = f", {self.note}" if self.note else ""
        return f"{self.done * self.work.scale:.4g} of {self.total * self.work.scale:.4g}{unit}{note}"


@contextmanager
def shown(work: Work, *, quiet: bool = False) -> Iterator[Callable[..., None]]:
    """Show the progress of the work; yield `tell(done, total=None, note="")`, which may be called from any thread."""
    meter = Meter(work)
    if quiet:
        yield meter.tell
        return
    has_bar = sys.stderr.isatty()
    with _bar(meter) if has_bar else nullcontext(None) as bar, _every(meter, bar):
        last = -1.0

        def tell(done: float, total: float | None = None, note: str = "") -> None:
            nonlocal last
            meter.tell(done, total, note)
            if bar is not None and done != last:  # many cameras may capture at the same time
                last = done
                named = f"{work.name} {note}" if note else work.name
                bar.update(bar.task_ids[0], completed=done, total=meter.total or None, description=printable(named))

        yield tell


@contextmanager
def _bar(meter: Meter) -> Iterator[Any]:
    from rich import markup
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        name = markup.escape(printable(meter.work.name))
        bar.add_task(name, total=meter.total or None, completed=int(meter.work.start))
        yield bar


@contextmanager
def _every(meter: Meter, bar: Any) -> Iterator[None]:
    """Tell the estimate when it can be made, and the state every EVERY_S where there is no bar."""
    ended = threading.Event()

    def watch() -> None:
        next_s = time.monotonic() + EVERY_S
        while not ended.wait(0.5):
            if (text := meter.estimate()) is not None:
                _say(text, bar)
            if bar is None and time.monotonic() >= next_s:
                next_s += EVERY_S
                _say(meter.line(), bar)

    thread = threading.Thread(target=watch, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(1.0)


def _say(text: str, bar: Any) -> None:
    line = f"simnet: {printable(text)}"
    if bar is not None:
        bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        return
    with suppress(OSError, ValueError):  # closed, or its reader is gone
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


def tree_bytes(folder: Path) -> int:
    """Return the size of the files below a folder, which others may be writing."""
    found = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file():
                found += path.stat().st_size
    return found
