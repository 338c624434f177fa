"""Host processes, and the leader itself, that a test kills in the middle of a run."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from simnet.engine.remote import supervisor
from simnet.records import Scenario

LED = """
import os, pickle, signal, sys, threading
from simnet import engine
from simnet.engine.recovery.journal import Journal
from simnet.engine.remote import supervisor
from simnet.engine.run_options import RunOptions
scenario, out, hosts, instants, pause_s, resume, options = pickle.load(sys.stdin.buffer)
started, popen = [], supervisor.subprocess.Popen
def remember(command, *arguments, **options):
    process = popen(command, *arguments, **options)
    if "simnet.engine.remote.node_server" in command:  # libraries start processes of their own
        started.append(process)
    return process
supervisor.subprocess.Popen = remember
def die():
    print(*(process.pid for process in started), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
def progress(_):
    global instants
    instants -= 1
    if instants == 0:
        threading.Timer(pause_s, die).start() if pause_s else die()
journal = Journal.resume(out)[0] if resume else None
options = RunOptions(hosts=hosts, progress=progress, journal=journal, report=False, **options)
engine.run(scenario, out, options)
"""


def kill_leader(
    scenario: Scenario,
    out: Path,
    hosts: int,
    instants: int,
    *,
    pause_s: float = 0,
    resume: bool = False,
    **options: float,
) -> list[int]:
    """Run in a process that kills itself at an instant of capture, or `pause_s` later if it is not done by then.

    Returns the process ids of the hosts it left behind.
    """
    asked = pickle.dumps((scenario, out, hosts, instants, pause_s, resume, options))
    with tempfile.TemporaryFile() as said:  # to a pipe, which its hosts have too, one would listen until they end
        command = [sys.executable, "-c", LED]
        done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, stderr=said, check=False, timeout=120)
        said.seek(0)
        assert done.returncode == -signal.SIGKILL or (pause_s and done.returncode == 0), (
            done.returncode,
            said.read().decode(),
        )
    return [int(number) for number in done.stdout.split()]


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
        return [process for process in self.started if name in process.args]

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
