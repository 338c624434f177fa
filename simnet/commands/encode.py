"""`simnet encode`: encode a picture into a bitstream file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import argument_types, code_options, device_options
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "encode a picture into a bitstream file"
EXAMPLE = "simnet encode picture.png --codec jpeg -o picture.snet"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    code_options.configure(parser)
    device_options.configure(parser)
    parser.add_argument("image", type=Path, help="a picture file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the bitstream to write")
    parser.add_argument(
        "--max-pixels",
        type=argument_types.pixels,
        metavar="N",
        help="largest picture to read; default: 33554432, room for 8K",
    )
    parser.add_argument(
        "--codec",
        default="atn",
        help="codec, see `simnet ls`, with options as in 'hevc{preset: fast}', or FILE.py:CLASS; default: atn",
    )
    parser.add_argument("--quality", type=float, default=0.5, help="quality from 0 to 1; default: 0.5")
    parser.add_argument("--model", help="a shipped model's name or a model folder; default: the codec's own")


def execute(arguments: argparse.Namespace) -> int:
    """Encode the picture and print the size of the file."""
    from simnet import code_files, codec_names, picture_files
    from simnet.codec import bitstream_files

    most = arguments.max_pixels or picture_files.MOST_PIXELS
    codec = code_files.located(codec_names.canonical(arguments.codec))
    size, pixels = bitstream_files.encode_file(
        arguments.image, arguments.output, codec, arguments.quality, arguments.model, most
    )
    sys.stdout.write(f"{printable(arguments.output)}: {size} bytes, {8 * size / pixels:.3f} bpp\n")
    return 0
