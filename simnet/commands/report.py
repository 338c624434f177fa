"""`simnet report`: write the page of a run or a sweep from its folder, or one page that compares several."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import publication_options
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "write the page of a run or a sweep again, or compare several"
EXAMPLE = "simnet report runs/vehicle_platoon-1"


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
    publication_options.configure(parser, "the page's folder")


def execute(arguments: argparse.Namespace) -> int:
    """Write the page, and the figures and tables that were asked for; print their paths."""
    from simnet import report

    asked = publication_options.kinds(arguments)
    page = report.write(*arguments.folders, out=arguments.out)
    for path in (page, *publication_options.write(arguments.folders, page.parent, asked)):
        sys.stdout.write(f"{printable(path)}\n")
    return 0
