"""`simnet fusion`: run the fusion centre in a run that `simnet broker` leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.commands import host_options

if TYPE_CHECKING:
    import argparse

HELP = "run the fusion centre in a broker's run"
EXAMPLE = "simnet fusion vehicle_platoon --connect ipc:///tmp/platoon"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--node", action="append", default=[], metavar="NAME", help="also run this node's cameras; may be repeated"
    )
    host_options.configure_host(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Serve the fusion centre until the broker ends the run."""
    return host_options.carry(arguments, tuple(arguments.node), fusion=True)
