"""`simnet camera`: carry the cameras of some nodes in a run that `simnet broker` leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "carry the cameras of one node or more in a broker's run"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from simnet.commands import host_options

    parser.add_argument(
        "--node", action="append", required=True, metavar="NAME", help="a node whose cameras to carry; may be repeated"
    )
    host_options.configure_host(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Carry them until the broker says that the run is over."""
    from simnet.commands import host_options

    return host_options.carry(arguments, tuple(arguments.node), fusion=False)
