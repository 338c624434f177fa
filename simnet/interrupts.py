"""Ctrl-C and SIGTERM as a token that long work looks at.

A signal's exception may be raised inside a library that swallows it, so the signal is noted in a `CancelToken` as well, and loops
look at that between two steps.

    signal ──▶ raising()    notes it and raises at once       commands that may stop anywhere
           ──▶ deferring()  notes it; the second one raises   work that must end a step, such as a training
           ──▶ deadline()   ends the process a little later    the whole command, should nothing else have ended it
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from simnet import process_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came: what cleans up after Ctrl-C does so for it too."""


def end_with_reader() -> None:
    """Let this process end in silence, as filters do, once nobody reads its output (`... | head`); for scripts that print."""
    if sys.platform != "win32":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


class CancelToken:
    """Says whether somebody asked for the end of the work. Any thread may set it."""

    def __init__(self) -> None:
        self._is_set = threading.Event()
        self._cause: type[KeyboardInterrupt] = KeyboardInterrupt

    @property
    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._is_set.is_set()

    def set(self, cause: type[KeyboardInterrupt] = KeyboardInterrupt) -> None:
        """Ask for the end; `cause` is what `raise_if_set` raises."""
        if not self._is_set.is_set():
            self._cause = cause
            self._is_set.set()

    def raise_if_set(self) -> None:
        """Raise the cause if the end was asked for."""
        if self._is_set.is_set():
            raise self._cause


@contextmanager
def raising() -> Iterator[CancelToken]:
    """Yield a token that SIGINT and SIGTERM set; both raise at once as well, and a second SIGTERM ends the process.

    Elsewhere than in the main thread, or where somebody else handles a signal, that signal is left alone.
    """
    token = CancelToken()

    def interrupt(*_: object) -> NoReturn:
        token.set()
        raise KeyboardInterrupt

    def terminate(*_: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        token.set(Terminated)
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield token
        return
    handlers: dict[signal.Signals, Callable[..., object]] = {}
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        handlers[signal.SIGTERM] = terminate
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers[signal.SIGINT] = interrupt
    with _handled(handlers), _swallowed_quietly():
        yield token


@contextmanager
def deferring() -> Iterator[CancelToken]:
    """Yield a token that the first SIGINT or SIGTERM sets, and nothing else; a second one does what it would have done.

    When the block ends, a signal that came does what it would have done.
    """
    token = CancelToken()
    if threading.current_thread() is not threading.main_thread():
        yield token
        return
    came: list[tuple[signal.Signals, FrameType | None]] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        came.append((signal.Signals(number), frame))
        token.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    with _handled({number: note for number, handler in before.items() if callable(handler)}):
        yield token
    for number, frame in came:
        handler = before[number]
        if callable(handler):
            handler(number, frame)


PATIENCE_S = 1.8
"""Time that work has for its end after Ctrl-C."""
_has_deadline = False
"""Whether this process is a command of its own, which may end itself."""


def own_process() -> None:
    """Say that this process is the command's own: `deadline` then ends it."""
    global _has_deadline  # noqa: PLW0603
    _has_deadline = True


@contextmanager
def deadline(last_words: Callable[[], None]) -> Iterator[None]:
    """End the process, with those that it has started, PATIENCE_S after a SIGINT if the block has not ended by then.

    Work in native code takes no notice of an exception before it returns to Python. The signal is read from the interpreter's
    wake-up file, which gets it at once. In a process that is not the command's own nothing happens.
    """
    if not _has_deadline or threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    ended = threading.Event()

    def watch() -> None:
        data = b" "
        while data and data[0] != signal.SIGINT:
            data = os.read(reader, 1)
        os.close(reader)
        if data and not ended.wait(PATIENCE_S):
            process_tree.kill_descendants()
            last_words()
            os._exit(130)

    threading.Thread(target=watch, name="deadline", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(before)
        os.close(writer)


@contextmanager
def _swallowed_quietly() -> Iterator[None]:
    """Print nothing about a signal's exception that a callback of the interpreter swallowed: the token has noted it."""
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _handled(handlers: Mapping[signal.Signals, Callable[..., object]]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
