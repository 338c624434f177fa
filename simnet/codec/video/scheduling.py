"""Restores thread priorities that a library raises.

SVT-AV1, run as root as in many containers, gives its own threads and the calling thread the highest real-time priority
(SCHED_FIFO, 99). Threads and processes that they start inherit it, and one such thread that busy-waits starves the whole machine.
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
    """Restore, on exit, the scheduling of all threads; new threads get the caller's. Linux only."""
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
    """Return policy and priority of each thread of this process by thread id; empty if the system does not provide them."""
    found: dict[int, tuple[int, int]] = {}
    if not _TASKS.exists():
        return found
    for entry in _TASKS.iterdir():
        thread = int(entry.name)
        with suppress(ProcessLookupError):
            found[thread] = (os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority)
    return found
