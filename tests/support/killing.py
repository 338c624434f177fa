"""Host processes that a test kills in the middle of a run."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable

import pytest

from simnet.engine.remote import supervisor


class Victims:
    """The host processes started so far, in order; restarted ones come again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[subprocess.Popen] = []
        self._began = threading.Event()
        popen = subprocess.Popen

        def remember(*arguments: object, **options: object) -> subprocess.Popen:
            self.started.append(popen(*arguments, **options))
            return self.started[-1]

        monkeypatch.setattr(supervisor.subprocess, "Popen", remember)

    def named(self, name: str) -> list[subprocess.Popen]:
        return [process for process in self.started if process.args[-1] == name]

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send the newest process of this name a signal."""
        os.kill(self.named(name)[-1].pid, number)

    def when(self, now_ns: int, *names: str) -> Callable[[int], None]:
        """Return a `progress` that kills these hosts at the first capture from `now_ns` on."""
        left = list(names)

        def progress(at_ns: int) -> None:
            if at_ns >= now_ns:
                while left:
                    self.kill(left.pop())

        return progress

    @property
    def all_ended(self) -> bool:
        return all(process.poll() is not None for process in self.started)
