"""A Python that has imported simnet already and forks for each command: half of a short command's time is imports.

shim `simnet` or `python` ── arguments, folder, environment, standard streams ──▶ server ── fork ──▶ the command
                          ◀──────────────────────── exit status ────────────────────────────

The shell that a command is typed in, its process, streams and files are real. That a bare process starts, and with which
imports, is for tests/system/test_cli.py and test_imports.py to prove.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simnet import library_threads
from support.places import ROOT

SHIM = """#!{python} -SE
import json, os, socket, sys
if sys.argv[1:] and sys.argv[1].startswith("-") and os.path.basename(sys.argv[0]) == "python":
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
    server.connect({endpoint!r})
    asked = json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(asked).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(asked)
    status = int(server.makefile().read() or 255)
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""
"""A short process that hands its command over, and ends like it."""
TESTS = ROOT / "tests"


@contextmanager
def warm_python(folder: Path) -> Iterator[Path]:
    """Run the server; give the folder of the shims, for the front of PATH."""
    folder.mkdir()
    endpoint = folder / "socket"
    for name in ("simnet", "python"):
        (folder / name).write_text(SHIM.format(python=sys.executable, endpoint=str(endpoint)))
        (folder / name).chmod(0o755)
    path = os.pathsep.join([str(ROOT), str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    server = subprocess.Popen(
        [sys.executable, "-m", "support.warm_python", str(endpoint)],
        env=os.environ | library_threads.ALL | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        with server.stdout:
            assert server.stdout.readline() == b"ready\n"
        yield folder
    finally:
        server.kill()
        server.wait()


def serve(endpoint: str) -> int:
    """Answer until killed; in a forked process, return the command's exit status."""
    import simnet

    for module in pkgutil.walk_packages(simnet.__path__, "simnet."):
        with suppress(ImportError):  # an extra that is not installed
            importlib.import_module(module.name)
    assert threading.active_count() == 1, "only the thread that forks lives on"
    gc.freeze()  # else the collector of each command would write to, and so copy, what all share
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(endpoint)
        listening.listen()
        print("ready", flush=True)
        while True:
            connection, _ = listening.accept()
            if not os.fork():
                break
            connection.close()
    return _watch(connection)


def _watch(connection: socket.socket) -> int:
    """Fork the command, and tell the shim how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(connection, 8, 3)
    asked = connection.makefile("rb").read(int.from_bytes(length, "big"))
    if not (command := os.fork()):
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        return _run(*json.loads(asked))
    for stream in streams:
        os.close(stream)
    connection.sendall(str(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])).encode())
    os._exit(0)


def _run(name: str, arguments: list[str], folder: str, environment: dict[str, str]) -> int:
    """Be the command."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - as a process's own
    sys.path[:] = [
        each for each in sys.path[1:] if each != str(TESTS)
    ]  # the first is the folder where the server began
    # Of a process that this one starts by `multiprocessing`, the main module is not this file.
    sys.modules["__main__"] = types.ModuleType("__main__")
    if name == "simnet":
        from simnet.cli import main

        sys.argv = [name, *arguments]
        return main()
    script, *sys.argv[1:] = arguments
    sys.argv[0] = script
    sys.path.insert(0, str(Path(script).resolve().parent))
    runpy.run_path(script, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1]))
