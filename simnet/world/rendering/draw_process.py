"""One renderer's process as its owner sees it: started, asked, and ended.

The owner kills it when it is closed or forgotten, and the kernel does when the owner ends in any way. Pictures come through
memory without a name, so nothing is left behind.
"""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from concurrent.futures import Future
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simnet import library_threads
from simnet.errors import NodeError
from simnet.world.rendering import draw_server

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from simnet.records.view_truth import ViewTruth
    from simnet.world.rendering.render_requests import SceneSetting, TruthRequest, ViewRequest

ANSWER_S = 300.0
"""How long a request may take: a scene takes seconds to build, a picture milliseconds."""
_END_S = 1.0
"""How long a process that has closed its pipe may take to end."""


class DrawProcess:
    """A process that draws. One thread at a time may ask it; any thread may kill it."""

    def __init__(self, picture_bytes: int) -> None:
        """Start the process; `picture_bytes` is the size of the largest picture. OSError if it cannot be started."""
        self.owner = os.getpid()
        if sys.platform == "win32":
            raise NodeError(
                "rendered worlds run on Linux and macOS; expected a world of pictures, films or logs on Windows"
            )
        numbers = [_file_in_memory(f"simnet-{what}") for what in ("picture", "messages")]
        memory, self._said = numbers
        try:
            os.ftruncate(memory, picture_bytes)
            self._memory = mmap.mmap(memory, picture_bytes)
            self._pipe, theirs = Pipe()
            started: Future[subprocess.Popen] = Future()
            arguments = (theirs, memory, self._said, started)
            threading.Thread(target=_keep, args=arguments, name="renderer", daemon=True).start()
            self._process = started.result()
        except BaseException:
            _close(numbers)
            raise
        self._release = weakref.finalize(self, _release, self.owner, self._process, self._pipe, numbers)

    def ask(self, request: SceneSetting | ViewRequest | TruthRequest) -> Exception | ViewTruth | None:
        """Return once the request is done: the truth that it asks for or None, or what went wrong in the process.

        Raises:
            EOFError, OSError: The process is gone, or does not answer.
        """
        self._pipe.send(request)
        if not self._pipe.poll(ANSWER_S):
            raise TimeoutError(f"it did not answer for {ANSWER_S:g} s")
        return self._pipe.recv()

    def picture(self, height: int, width: int) -> np.ndarray:
        """Return a copy of the picture that was drawn last: uint8, height x width x 3, RGB."""
        return np.frombuffer(self._memory, np.uint8, height * width * 3).reshape(height, width, 3).copy()

    def kill(self) -> None:
        """End the process, so that a thread that waits for its answer gets an EOFError."""
        self._process.kill()

    def close(self) -> None:
        """End the process and release what it was asked through."""
        self._release()

    def ending(self) -> str:
        """Return how the process ended, with the last line that it or a library wrote; nothing if it lives."""
        try:
            status = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return ""
        how = f"ended with status {status}" if status >= 0 else f"was killed by {_name(-status)}"
        lines = os.pread(self._said, os.fstat(self._said).st_size, 0).decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"it {how} ({said:.200})" if said else f"it {how}"

    @property
    def peak_bytes(self) -> int:
        """The peak resident size of the process; 0 if it has ended."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return 0
        return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))

    @property
    def core_seconds(self) -> float:
        """What the process has taken of the processor; 0 if it has ended, and where nothing says it."""
        try:
            text = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            return 0.0
        user, system = text.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _file_in_memory(name: str) -> int:
    """Return the descriptor of a new file that has no place in any folder: in memory on Linux, temporary elsewhere."""
    if sys.platform == "linux":
        return os.memfd_create(name, os.MFD_CLOEXEC)
    number, path = tempfile.mkstemp(prefix=name)
    os.unlink(path)
    return number


def _keep(theirs: Connection, memory: int, said: int, started: Future[subprocess.Popen]) -> None:
    """Start a process and wait for its end; the kernel kills it if the thread that started it ends before."""
    numbers = (theirs.fileno(), memory)
    # Not `multiprocessing`: that would run the user's own script again. The session keeps the terminal's Ctrl-C away.
    code = f"import sys; sys.path[:] = {[str(place) for place in sys.path]!r}; "
    code += f"from {draw_server.__name__} import main; main(*{numbers!r}, {os.getpid()})"
    try:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                pass_fds=numbers,
                env=os.environ | library_threads.ALL,
                start_new_session=True,
            )
    except BaseException as error:
        started.set_exception(error)
        return
    started.set_result(process)
    process.wait()


def _release(owner: int, process: subprocess.Popen, pipe: Connection, numbers: list[int]) -> None:
    if owner != os.getpid():
        return  # a copy of the owner, made by `os.fork`
    process.kill()
    process.wait()
    pipe.close()
    _close(numbers)


def _name(number: int) -> str:
    return signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"


def _close(numbers: list[int]) -> None:
    for number in numbers:
        os.close(number)
