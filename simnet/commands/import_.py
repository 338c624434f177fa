"""`simnet import`: convert the checkpoint of a published network into a model folder that codes real bitstreams."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "convert a published network's checkpoint into a model folder"
EXAMPLE = "simnet import checkpoint.pt --as ndic-bls17"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file", type=Path, help="a torch file with `model_state_dict`, as the authors of NDIC and ATN publish them"
    )
    parser.add_argument(
        "--as",
        dest="kind",
        metavar="NAME",
        help="atn-paper, ndic-bls17, ndic-bmshj18, bls17 or bmshj18; default: found from the checkpoint",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="model folder to write; default: imported/NAME")
    parser.add_argument(
        "--size", metavar="WxH", help="picture size for which atn-paper was trained, its only size; default: 256x128"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Import the checkpoint and print how to use the model."""
    from simnet.learn import training_packages

    training_packages.require("simnet import")
    from simnet.codec.published import model_writer
    from simnet.learn.evaluation import evaluation_options

    made = model_writer.import_checkpoint(
        arguments.file, arguments.kind, arguments.out, evaluation_options.parse_size(arguments.size)
    )
    sys.stdout.write(printable(f"{made.name}: use it as {made.codec}={made.name}") + "\n")
    return 0
