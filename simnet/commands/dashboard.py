"""`simnet dashboard`: a live page of the run that publishes on an endpoint, and of the next one."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "serve a live page of a run that publishes telemetry (--live)"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--connect", required=True, metavar="ENDPOINT", help="where the run publishes, e.g. tcp://127.0.0.1:5570"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on; default: this machine alone")
    parser.add_argument("--port", type=_port, default=8080, help="port to serve on; default: 8080")
    parser.add_argument(
        "--end-after",
        type=_seconds,
        metavar="SECONDS",
        help="end after so long without a run that goes on; default: never",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from simnet.dashboard.server import serve

    sys.stdout.write(f"http://{arguments.host}:{arguments.port}/ shows runs on {arguments.connect}\n")
    sys.stdout.flush()
    serve(arguments.connect, arguments.host, arguments.port, arguments.end_after)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r}: expected a port from 1 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86400:
        raise ArgumentTypeError(f"{text!r}: expected seconds, more than 0 and at most 86400")
    return seconds
