"""Ctrl-C and SIGTERM wait for the end of a step, so that what is saved is whole; a second one does not wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """Yield `asked()`: whether a signal has come. When the block ends, a signal that came does what it would have done."""
    came: list[tuple[signal.Signals, FrameType | None]] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        came.append((signal.Signals(number), frame))
        restore()

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, note)
    try:
        yield lambda: bool(came)
    finally:
        restore()
    for number, frame in came:
        handler = before[number]
        if callable(handler):
            handler(number, frame)
