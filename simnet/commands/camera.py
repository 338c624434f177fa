"""`simnet camera`: run the cameras of some nodes in a run that `simnet broker` leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.commands import host_options

if TYPE_CHECKING:
    import argparse

HELP = "run the cameras of one or more nodes in a broker's run"
EXAMPLE = "simnet camera vehicle_platoon --node leader --connect ipc:///tmp/platoon"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--node", action="append", required=True, metavar="NAME", help="a node whose cameras run here; may be repeated"
    )
    host_options.configure_host(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Serve the cameras until the broker ends the run."""
    return host_options.carry(arguments, tuple(arguments.node), fusion=False)
