"""A thread that serves its owner in the background and hands its exception to the owner.

    owner ── ServiceThread(name, serve) ──▶ serve() in a daemon thread
          ── check() ──▶ raises what ended it      the owner calls this wherever it waits

An exception that nobody asks for is printed by Python as a traceback and lost: the owner then waits for a thread that is gone.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from simnet.errors import NodeError, SimnetError

if TYPE_CHECKING:
    from collections.abc import Callable


class ServiceThread:
    """Runs `serve` in a daemon thread until it returns or fails."""

    def __init__(self, name: str, serve: Callable[[], object], *, starts: bool = True) -> None:
        """Start the thread; with `starts` false, `start` does."""
        self.name, self._serve = name, serve
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        if starts:
            self.start()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in this thread."""
        return threading.current_thread() is self._thread

    @property
    def failure(self) -> str | None:
        """What ended the thread, in one line; None if it runs or has ended well."""
        if self._error is None:
            return None
        text = " ".join(str(self._error).split())[:1000]
        return text if isinstance(self._error, SimnetError) else f"{type(self._error).__name__}: {text}"

    def check(self) -> None:
        """Raise what ended the thread, if it has failed.

        Raises:
            SimnetError: An error of simnet's own is raised as it is; any other as a NodeError with the thread's name.
        """
        if isinstance(self._error, SimnetError):
            raise self._error
        if self._error is not None:
            raise NodeError(
                f"{self.name}: its thread failed with {self.failure}; expected it to last as long as the run"
            ) from self._error

    def join(self, timeout_s: float | None = None) -> None:
        """Wait for the end of the thread, well or not."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            self._error = error
