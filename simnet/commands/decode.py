"""`simnet decode`: decode a bitstream file into a picture, with side pictures if given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import argument_types, code_options, device_options
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "decode a bitstream file into a picture, with side pictures if given"
EXAMPLE = "simnet decode picture.snet --side other.png -o decoded.png"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    code_options.configure(parser)
    device_options.configure(parser)
    parser.add_argument("file", type=Path, help="a bitstream that `simnet encode` wrote")
    parser.add_argument("--side", type=Path, nargs="+", default=[], metavar="IMAGE", help="side pictures")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME",
        help="a model folder (or a CompressAI model) that the bitstream may name; may be repeated; default: shipped ones alone",
    )
    parser.add_argument(
        "--codec", metavar="FILE.py:CLASS", help="the code that coded the bitstream, if that was code of a file"
    )
    parser.add_argument(
        "--max-pixels",
        type=argument_types.pixels,
        metavar="N",
        help="largest picture that the bitstream may announce; default: 8388608, room for 4K",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="IMAGE", help="the picture to write")


def execute(arguments: argparse.Namespace) -> int:
    """Decode the file and print the size of the picture."""
    from simnet import code_files, codec_names
    from simnet.codec import bitstream_files

    most = arguments.max_pixels or bitstream_files.MOST_PIXELS
    code = None if arguments.codec is None else code_files.located(codec_names.canonical(arguments.codec))
    picture = bitstream_files.decode_file(
        arguments.file, arguments.output, arguments.side, arguments.model, most, code
    ).picture
    sys.stdout.write(f"{printable(arguments.output)}: {picture.shape[1]} x {picture.shape[0]}\n")
    return 0
