"""Keeps a library from raising the priority of this process's threads.

SVT-AV1, run by root as in many containers, gives its threads and the one that called it the highest real-time priority
(SCHED_FIFO, 99). Whatever they start inherits it, other processes included, and a thread of theirs that spins while it waits
starves the whole machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


@contextmanager
def kept() -> Iterator[None]:
    """Undo, at the end, what was done to the scheduling of any thread; new ones get that of the caller. Linux only."""
    before = _policies()
    own = before.get(threading.get_native_id())
    try:
        yield
    finally:
        for thread, now in _policies().items():
            wanted = before.get(thread, own)
            if wanted is not None and now != wanted:
                with suppress(ProcessLookupError):
                    os.sched_setscheduler(thread, wanted[0], os.sched_param(wanted[1]))


def _policies() -> dict[int, tuple[int, int]]:
    """Policy and priority of every thread of this process by its number; nothing where the system does not tell."""
    found: dict[int, tuple[int, int]] = {}
    if not _TASKS.exists():
        return found
    for entry in _TASKS.iterdir():
        thread = int(entry.name)
        with suppress(ProcessLookupError):
            found[thread] = (os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority)
    return found
