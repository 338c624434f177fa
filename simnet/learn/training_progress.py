"""Progress and warnings on standard error, from one process only."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simnet import progress as terminal_progress
from simnet.printable import printable
from simnet.progress import Work


@contextmanager
def progress(work: Work, *, quiet: bool = False) -> Iterator[Callable[[float, float], None]]:
    """Yield `tell(done, loss)`; a loss of 0 is not shown."""
    with terminal_progress.shown(work, quiet=quiet or not _speaks()) as show:
        yield lambda done, loss: show(done, note=f"loss {loss:.3f}" if loss else "")


def warn(text: str) -> None:
    """Print one line."""
    if _speaks():
        sys.stderr.write(f"simnet: warning: {printable(text)}\n")


def _speaks() -> bool:
    """Whether this process is the first that `torchrun` started, or the only one."""
    return os.environ.get("RANK", "0") == "0"
