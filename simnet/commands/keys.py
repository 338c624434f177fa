"""`simnet keys`: make the key pairs that protect a run over tcp."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "make the key pairs that protect a run over tcp"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of keys; keys that exist are kept")
    parser.add_argument(
        "hosts",
        nargs="*",
        default=["host"],
        metavar="NAME",
        help="names of hosts, a key pair each; default: `host`, one for all",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Make the missing key pairs and print their files."""
    from simnet.wire.security import keys

    for name, is_new in keys.make(arguments.folder, arguments.hosts).items():
        sys.stdout.write(f"{'made' if is_new else 'kept'} {printable(arguments.folder / name)}.key, .key_secret\n")
    return 0
