"""`simnet keys`: make the key pairs that protect a run over tcp."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "make the key pairs that protect a run over tcp"
EXAMPLE = "simnet keys keys leader follower_1 fusion --apart"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of keys; keys that exist are kept")
    parser.add_argument(
        "hosts",
        nargs="*",
        default=["host=*"],
        metavar="NAME[=NODE,...]",
        help="hosts, a key pair each: for the node of that name (or fusion), or for these nodes; default: `host=*`, one for all",
    )
    parser.add_argument(
        "--apart",
        action="store_true",
        help="make a folder DIR/NAME for each machine, and DIR/broker, each with the keys that it needs and no others",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Make the missing key pairs and print their files."""
    from simnet.wire.security import keys

    make = keys.make_apart if arguments.apart else keys.make
    for name, is_new in make(arguments.folder, arguments.hosts).items():
        folder = arguments.folder / name if arguments.apart else arguments.folder
        sys.stdout.write(f"{'made' if is_new else 'kept'} {printable(folder / name)}.key, .key_secret\n")
    return 0
