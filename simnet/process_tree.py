"""This process and those that it has started: their memory, and their end. Linux only; elsewhere it knows itself alone."""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path


def descendants(pid: int | None = None) -> list[int]:
    """Return the processes that a process (default: this one) has started, theirs included."""
    found: list[int] = []
    waiting = [os.getpid() if pid is None else pid]
    while waiting:
        for listed in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with suppress(OSError):
                children = [int(word) for word in listed.read_text(encoding="ascii").split()]
                found += children
                waiting += children
    return found


def peak_bytes() -> int:
    """Return the most memory that this process and its descendants have held, summed."""
    own = [_peak_bytes(pid) for pid in [os.getpid(), *descendants()]]
    if any(own):
        return sum(own)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def kill_descendants() -> None:
    """Kill every process that this one has started."""
    for pid in descendants():
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _peak_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
