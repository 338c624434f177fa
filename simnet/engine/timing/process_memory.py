"""Memory of this process: the most that it held, and how it keeps what it has freed."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform == "win32":
    import psutil
else:
    import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""From malloc.h."""


def peak_bytes() -> int:
    """Return the peak resident size of this process.

    Linux's own figure (VmHWM) belongs to this program; getrusage's may have been inherited from the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@contextmanager
def garbage_collector_paused() -> Iterator[None]:
    """Pause Python's collector of reference cycles.

    Each collection visits all objects: with millions of records that are kept anyway, that is most of the time.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def keep_freed_pages() -> None:
    """Let the C library keep freed memory instead of giving it back to the system after every picture.

    Pictures as floats are large enough that each would be mapped, zeroed page by page and unmapped again: with glibc's
    defaults that is more than half of the time of scoring. Other C libraries go without.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 1 << 25)
        mallopt(_M_TRIM_THRESHOLD, 1 << 28)
