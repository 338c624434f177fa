"""Host processes of this machine: started, watched over, and started again when they die."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from simnet.wire.membership.liveness import Absence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RESTARTS = 5
"""How often one host is started again in a run."""
REFUSED = 77
"""Exit status of a host that the broker refused: it would refuse it again, so it is not started again."""


class HostProcesses:
    """The host processes of one run; calling it is the `FailureDetector` over them."""

    def __init__(self, restarts: int = RESTARTS) -> None:
        self._restarts = restarts
        self._endpoint: tuple[str, ...] = ()
        """Endpoint, and the folder of keys if there is one."""
        self._running: dict[str, subprocess.Popen] = {}
        self._given_up: set[str] = set()
        self.deaths: Counter[str] = Counter()
        """How often each host died."""

    def start(self, endpoint: str, names: Sequence[str], keys: Path | None = None) -> None:
        """Start a process for each name, which joins the broker at `endpoint`, with its key in a folder if there are keys."""
        self._endpoint = (endpoint,) if keys is None else (endpoint, str(keys))
        for name in names:
            self._start(name)

    @property
    def alive(self) -> list[str]:
        """The hosts whose process has not ended."""
        return [name for name, process in self._running.items() if process.poll() is None]

    def __call__(self, silent: Sequence[str]) -> list[Absence]:
        """Kill hosts that do not show any life, start dead ones again while that is allowed and of use; see `FailureDetector`."""
        for name in silent:
            self._running[name].kill()
            self._running[name].wait()
        gone = []
        for name, process in self._running.items():
            # A process that ended with status 0 was told to; hosts that were given up are not watched any more.
            if name not in self._given_up and process.poll():
                why = "gave no sign of life" if name in silent else _ended(process.returncode)
                gone.append(self._bury(name, why))
        return gone

    def kill(self, names: Sequence[str]) -> None:
        """End processes that have nothing to tidy."""
        for name in names:
            self._running[name].kill()

    def end(self, patience_s: float) -> None:
        """Wait for all to end, and end those that do not."""
        deadline = time.monotonic() + patience_s
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _bury(self, name: str, why: str) -> Absence:
        self.deaths[name] += 1
        if self._running[name].returncode == REFUSED:
            self._given_up.add(name)
            return Absence(name, "the broker refused its process", final=True)
        if self.deaths[name] > self._restarts:
            self._given_up.add(name)
            times = f", for the {_ordinal(self.deaths[name])} time" if self._restarts else ""
            return Absence(name, f"its process {why}{times}; expected it to stay until the run ends", final=True)
        self._start(name)
        return Absence(name, f"its process {why}")

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "simnet.engine.remote.node_server", name, *self._endpoint]
        # In a session of its own, so that Ctrl-C reaches the broker alone, which then tells the hosts to stop.
        self._running[name] = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )


def _ended(status: int) -> str:
    if status < 0:
        try:
            return f"was killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"was killed by signal {-status}"
    return f"ended with status {status}"


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
