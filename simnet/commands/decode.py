"""`simnet decode`: a bitstream file becomes a picture, with side pictures where there are any."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "decode a bitstream file, with side pictures"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a bitstream that `simnet encode` wrote")
    parser.add_argument("--side", type=Path, nargs="+", default=[], metavar="IMAGE", help="side pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="IMAGE", help="the picture to write")


def execute(arguments: argparse.Namespace) -> int:
    """Decode it."""
    from simnet.codec import bitstream_files

    picture = bitstream_files.decode_file(arguments.file, arguments.output, arguments.side).picture
    sys.stdout.write(f"{arguments.output}: {picture.shape[1]} x {picture.shape[0]}\n")
    return 0
