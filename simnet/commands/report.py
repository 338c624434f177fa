"""`simnet report`: write the page of a run or a sweep from its folder, or one page that compares several."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "write the page of a run or a sweep again, or compare several"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "folders",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="a folder that simnet run or simnet sweep wrote; several are compared",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="page to write; default: DIR/report.html, for several folders ./comparison.html",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Write the page and print its path."""
    from simnet import report

    sys.stdout.write(f"{printable(report.write(*arguments.folders, out=arguments.out))}\n")
    return 0
