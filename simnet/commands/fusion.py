"""`simnet fusion`: carry the fusion centre in a run that `simnet broker` leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "carry the fusion centre in a broker's run"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from simnet.commands import wires

    parser.add_argument(
        "--node", action="append", default=[], metavar="NAME", help="also carry this node's cameras; may be repeated"
    )
    wires.configure_host(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Carry it until the broker says that the run is over."""
    from simnet.commands import wires

    return wires.carry(arguments, tuple(arguments.node), fusion=True)
