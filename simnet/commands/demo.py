"""`simnet demo`: show a run live in the browser: starts the page, the run and the browser."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import argument_types
from simnet.errors import InputError
from simnet.printable import printable
from simnet.runfolder import folder_names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from simnet.records import Scenario

HELP = "show a run live in the browser: starts the page, the run and the browser"
EXAMPLE = "simnet demo"
START_S = 30.0
"""Longest wait for the page."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "scenario",
        nargs="?",
        default="vehicle_platoon",
        help="a scenario file, or the name of a shipped scenario; default: vehicle_platoon",
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a value, e.g. seed=3")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run; default: a temporary one")
    parser.add_argument(
        "--realtime",
        type=argument_types.pace,
        metavar="FACTOR",
        help="wall seconds a virtual second; default: 1, or as many as this machine needs, by a rehearsal",
    )
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="start no browser; the page waits")
    parser.add_argument("--port", type=argument_types.port, help="port of the page; default: a free one from 8080 on")
    parser.add_argument(
        "--end-after",
        type=argument_types.positive_time_limit,
        metavar="SECONDS",
        help="end this long after the run; default: on Ctrl-C",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Rehearse, serve the page, and run beside it until interrupted."""
    from simnet import scenario
    from simnet.dashboard import server
    from simnet.engine import preflight

    server.check_installed()
    loaded = scenario.load(arguments.scenario, arguments.set)
    preflight.ready(loaded)
    factor = arguments.realtime or _pace(loaded, arguments)
    port = arguments.port or _free_port(8080)
    endpoint = f"tcp://127.0.0.1:{_free_port(5570)}"
    url = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryDirectory(prefix="simnet-demo-") as folder, _runs() as runs:
        out = arguments.out or Path(folder) / loaded.name
        command = ["run", arguments.scenario, *(f"--set={each}" for each in arguments.set)]
        command += ["--live", endpoint, f"--realtime={factor:g}", "--out", str(out)]
        command += [] if arguments.out else ["--no-report"]
        over = threading.Event()
        show = threading.Thread(target=_show, args=(url, command, runs, over, arguments), name="demo", daemon=True)
        server.serve(endpoint, "127.0.0.1", port, begins=show.start, is_over=over.is_set, expected=loaded.name)
    return 0


def _pace(loaded: Scenario, arguments: argparse.Namespace) -> float:
    """Return the pace that this machine holds, found by a rehearsal."""
    from simnet.engine import rehearsal

    _say(f"rehearsing {loaded.name} to find a pace that this machine holds")
    work_s = rehearsal.rehearse(loaded, cancel=arguments.cancel)
    return 1.0 if work_s is None else rehearsal.slow_enough(work_s)


@contextmanager
def _runs() -> Iterator[list[subprocess.Popen[str]]]:
    """Yield the place of the run's process; what it holds at the end is ended."""
    runs: list[subprocess.Popen[str]] = []
    try:
        yield runs
    finally:
        for process in runs:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(1.5)
            process.kill()


def _show(
    url: str,
    command: list[str],
    runs: list[subprocess.Popen[str]],
    over: threading.Event,
    arguments: argparse.Namespace,
) -> None:
    """Wait for the page, open it in the browser, and start the run; tell how the run ended, and when all is over."""
    if not _answers(url):
        _say(f"{url} did not answer within {START_S:g} s; the run is not started")
        over.set()
        return
    _say(f"{url} shows {arguments.scenario}; Ctrl-C ends the demo")
    if arguments.browser and not webbrowser.open(url):
        _say(f"no browser found here; open {url} in one")
    # A session of its own: Ctrl-C reaches this process alone, which then ends the run.
    process = subprocess.Popen(
        [sys.executable, "-m", "simnet", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    runs.append(process)
    _, complaint = process.communicate()
    if process.returncode:
        lines = complaint.strip().splitlines() or [f"the run ended with status {process.returncode}"]
        _say(lines[-1].removeprefix("simnet: "))
    elif arguments.out:
        _say(f"the run has ended; open {arguments.out / folder_names.PAGE}")
    else:
        _say(f"the run has ended; to keep one: simnet run {shlex.quote(arguments.scenario)}")
    if arguments.end_after is not None:
        time.sleep(arguments.end_after)
        over.set()


def _answers(url: str) -> bool:
    """Return whether the page answers in time."""
    from urllib.request import urlopen

    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with suppress(OSError):
            urlopen(f"{url}healthz", timeout=2).close()
            return True
        time.sleep(0.1)
    return False


def _free_port(first: int) -> int:
    """Return the first free port of this machine from `first` on."""
    for port in range(first, first + 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise InputError(f"no free port from {first} to {first + 99}; expected one, or --port")


def _say(text: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"simnet: {printable(text)}\n")
        sys.stderr.flush()
