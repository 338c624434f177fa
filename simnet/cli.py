"""Command line: finds the command, and turns every error of a user into one line and an exit status."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from simnet import commands, interrupts, library_threads
from simnet.commands import command_parser
from simnet.errors import OutputError, SimnetError
from simnet.output_files import cause, is_of_system
from simnet.printable import PrintableFormatter, printable

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGAN = time.perf_counter()
"""Time at which the process began: a run's wall time includes the imports."""
LEAST_FILES = 64
"""Least limit on open files: below it ZeroMQ may end the process."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `simnet` and return the exit status; with the process's own arguments, a failure ends the process here."""
    if arguments is not None:
        return _run(list(arguments), time.perf_counter())
    interrupts.own_process()
    library_threads.limit_new_libraries()
    # Started with closed output, as by some daemons: what would be said goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    status = _run(sys.argv[1:], BEGAN)
    if status:
        # A failed run may leave threads in native code, on which Python's own exit would crash.
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
    # All that is left goes with the process: looking through it for what could go took half a second.
    gc.freeze()
    return status


def _run(typed: list[str], began: float) -> int:
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PrintableFormatter())
    parsed = argparse.Namespace(typed=typed, began=began, go_on=lambda: "")
    try:
        command_parser.build().parse_args(typed, parsed)
        _check_limit_on_files()
        with interrupts.raising() as parsed.cancel, interrupts.deadline(lambda: _interrupted(parsed)):
            with _environment(parsed):
                status = commands.find(parsed.command).execute(parsed)
            sys.stdout.flush()
    except SimnetError as error:
        _complain(f"error: {error}")
        return error.exit_status
    except interrupts.Terminated:
        _complain(f"terminated{_hint(parsed)}")
        return 143
    except KeyboardInterrupt:
        _interrupted(parsed)
        return 130
    except BrokenPipeError:
        _discard_output()
        return 141
    except Exception as error:
        if not is_of_system(error):
            raise
        _discard_output()
        _complain(f"error: {getattr(error, 'filename', None) or 'the system'}: {cause(error)}")
        return 1
    return status


def _environment(parsed: argparse.Namespace) -> ExitStack:
    """Return what holds for the command and its processes: the permission to run code of files, and the device."""
    with ExitStack() as stack:
        if getattr(parsed, "allow_code", False):
            from simnet import code_files

            stack.enter_context(code_files.permission())
        # `simnet train` reads its own --device.
        if parsed.command != "train" and "device" in parsed:
            from simnet import compute_device

            stack.enter_context(compute_device.using(parsed.device))
        return stack.pop_all()


def _interrupted(parsed: argparse.Namespace) -> None:
    _complain(f"interrupted{_hint(parsed)}")


def _hint(parsed: argparse.Namespace) -> str:
    """Return how to go on with what was interrupted; a command sets `go_on` once there is something to go on with."""
    how = parsed.go_on()
    return f"; {how}" if how else ""


def _check_limit_on_files() -> None:
    """Raise OutputError under a limit on open files that is too low; Windows has none."""
    if sys.platform == "win32":
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit < LEAST_FILES:
        raise OutputError(f"a limit of {limit} open files (ulimit -n); expected at least {LEAST_FILES}")


def _discard_output() -> None:
    """Send to nowhere what Python still flushes, if the output's reader has closed it or its disk is full."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"simnet: {printable(text)}\n")
