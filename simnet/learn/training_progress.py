"""Progress bar (if there is a terminal) and warnings on standard error, from one process only."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simnet.printable import printable


@contextmanager
def progress(total: int, start: int, name: str, *, quiet: bool = False) -> Iterator[Callable[[int, float], None]]:
    """Yield `tell(done, loss)`; a loss of 0 is not shown. If `quiet`, nothing is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet or not (os.isatty(2) and _speaks())) as bar:
        task = bar.add_task(name, total=total, completed=start)

        def tell(done: int, loss: float) -> None:
            bar.update(task, completed=done, description=f"{name} loss {loss:.3f}" if loss else name)

        yield tell


def warn(text: str) -> None:
    """Print one line."""
    if _speaks():
        sys.stderr.write(f"simnet: warning: {printable(text)}\n")


def _speaks() -> bool:
    """Whether this process is the first that `torchrun` started, or the only one."""
    return os.environ.get("RANK", "0") == "0"
