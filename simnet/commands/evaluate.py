"""`simnet evaluate`: rate-distortion curves from real bytes, and BD-rates against an anchor."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import argparse

HELP = "measure rate and distortion of codecs on pairs of pictures"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--data", action="append", required=True, metavar="NAME", help="pairs:DIR, rendered:street, ..."
    )
    parser.add_argument(
        "--codec", default="atn,factorized", metavar="A,B", help="codecs, or codec=model; default: atn,factorized"
    )
    parser.add_argument("--anchor", help="codec that BD-rates refer to; default: the last one")
    parser.add_argument("--qualities", default="0,0.2,0.4,0.6,0.8,1", metavar="Q,Q", help="default: 0,0.2,...,1")
    parser.add_argument("--size", metavar="WxH", help="centre-crop and resize the pictures first, e.g. 256x128")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for evaluation.html; none is written without it"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")


def execute(arguments: argparse.Namespace) -> int:
    """Measure them."""
    from simnet import console
    from simnet.learn import evaluate
    from simnet.report import evaluation

    codecs = arguments.codec.split(",")
    result = evaluate.evaluate(
        arguments.data,
        codecs,
        evaluate.parse_qualities(arguments.qualities),
        arguments.anchor or codecs[-1],
        evaluate.parse_size(arguments.size),
    )
    page = evaluation.write(cast("evaluation.Result", result), arguments.out) if arguments.out else None
    if arguments.json:
        plain = {key: value for key, value in result.items() if key != "examples"}
        sys.stdout.write(json.dumps(plain | {"report": str(page) if page else None}) + "\n")
    else:
        console.show_evaluation(result, page)
    return 0
