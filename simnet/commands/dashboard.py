"""`simnet dashboard`: serve a live page of the run that publishes on an endpoint, and of later runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from simnet.commands import argument_types
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "serve a live page of a run that publishes telemetry (--live)"
EXAMPLE = "simnet dashboard --connect tcp://127.0.0.1:5570"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--connect",
        required=True,
        metavar="ENDPOINT",
        help="endpoint of the run's telemetry, e.g. tcp://127.0.0.1:5570",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on; default: 127.0.0.1")
    parser.add_argument("--port", type=argument_types.port, default=8080, help="port to serve on; default: 8080")
    parser.add_argument(
        "--end-after",
        type=argument_types.positive_time_limit,
        metavar="SECONDS",
        help="end after this time without a run; default: never",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from simnet.dashboard.server import serve

    def say() -> None:
        sys.stdout.write(
            printable(f"http://{arguments.host}:{arguments.port}/ shows runs on {arguments.connect}") + "\n"
        )
        sys.stdout.flush()

    serve(arguments.connect, arguments.host, arguments.port, arguments.end_after, say)
    return 0
