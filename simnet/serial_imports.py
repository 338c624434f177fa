"""Modules that are imported when they are asked for, by one thread at a time.

Packages whose modules import each other in a circle (PyAV, CompressAI) are seen half made by a second thread that imports them
meanwhile: Python gives up waiting where two threads would wait for each other.
"""

from __future__ import annotations

import importlib
import threading
from types import ModuleType

_LOCK = threading.RLock()


def imported(name: str) -> ModuleType:
    """Import a module by its name, unless another thread is just importing one: then after that."""
    with _LOCK:
        return importlib.import_module(name)
