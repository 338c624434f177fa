"""Ctrl-C that is not lost: the exception may be raised inside a library that swallows it, so it is noted as well."""

from __future__ import annotations

import threading
from typing import NoReturn

_noted = threading.Event()


def forget() -> None:
    """Begin anew: a command begins."""
    _noted.clear()


def interrupt(*_: object) -> NoReturn:
    """Note the interrupt and raise it; a handler for signals."""
    _noted.set()
    raise KeyboardInterrupt


def check() -> None:
    """Raise the interrupt that was noted, if there was one."""
    if _noted.is_set():
        raise KeyboardInterrupt
