"""`simnet decode`: decode a bitstream file into a picture, with side pictures if given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "decode a bitstream file into a picture, with side pictures if given"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a bitstream that `simnet encode` wrote")
    parser.add_argument("--side", type=Path, nargs="+", default=[], metavar="IMAGE", help="side pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="IMAGE", help="the picture to write")


def execute(arguments: argparse.Namespace) -> int:
    """Decode the file and print the size of the picture."""
    from simnet.codec import bitstream_files

    picture = bitstream_files.decode_file(arguments.file, arguments.output, arguments.side).picture
    sys.stdout.write(f"{printable(arguments.output)}: {picture.shape[1]} x {picture.shape[0]}\n")
    return 0
