"""`simnet train`: train a network by a recipe; an interrupted training goes on where it stopped."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "train a codec by a recipe; resumes by itself"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("recipe", help="a recipe file, or the name of a shipped recipe (factorized, atn)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of checkpoints; default: training/<model>")
    parser.add_argument("--export", type=Path, metavar="DIR", help="model folder to write; default: <out>/model")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override, e.g. steps=1000")


def execute(arguments: argparse.Namespace) -> int:
    """Train it."""
    from simnet.learn import recipe, training

    chosen = recipe.read(arguments.recipe, arguments.set)
    out = arguments.out or Path("training") / chosen.model
    exported = training.train(chosen, out, arguments.export or out / "model")
    sys.stdout.write(f"{exported}: use it as `model` of codec {chosen.model}, or put it into models/\n")
    return 0
