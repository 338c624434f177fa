"""`simnet train`: train a network by a recipe; an interrupted training continues exactly where it stopped.

Several processes: torchrun --nproc-per-node 2 -m simnet train RECIPE
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import shipped
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "train a codec by a recipe; continues an interrupted training"
EXAMPLE = "simnet train factorized --set steps=1000"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    known = ", ".join(shipped.recipes())
    parser.add_argument("recipe", help=f"a recipe file, or the name of a shipped recipe ({known})")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of checkpoints and logs; default: training/<model>"
    )
    parser.add_argument("--export", type=Path, metavar="DIR", help="model folder to write; default: <out>/model")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override, e.g. steps=1000")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), help="device to train on; default: the recipe's, else auto"
    )
    parser.add_argument(
        "--continue-with-changes",
        action="store_true",
        help="continue although the recipe has changed (steps and device may always change)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Train the network and export the model."""
    from simnet.learn import training_packages

    training_packages.require("simnet train")
    from simnet.learn import (
        checkpoints,
        parallel,
        recipe,
        training,
    )

    device = [f"device={arguments.device}"] if arguments.device else []
    chosen = recipe.read(arguments.recipe, arguments.set + device)
    out = arguments.out or Path("training") / chosen.model
    exported = arguments.export or out / "model"
    command = shlex.join(["simnet", *arguments.typed])
    arguments.go_on = lambda: f"go on from its last checkpoint with the same command: {command}"
    with parallel.processes(chosen.device):
        checkpoints.refuse_changes(chosen, out, allowed=arguments.continue_with_changes)
        training.train(chosen, out, exported)
        if parallel.first():
            use = f"codec {chosen.codec_name}" if not chosen.codecs else "any codec with `side: fuse`"
            sys.stdout.write(printable(f"{exported}: use it as `model` of {use}, or put it into models/") + "\n")
            sys.stdout.write(f"train on: the same command with --set steps={2 * chosen.steps}\n")
    return 0
