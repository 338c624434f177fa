"""`simnet report`: the page of a run, made again from its folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "make the report of a run folder again"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that simnet run wrote")


def execute(arguments: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from simnet import report

    sys.stdout.write(f"{report.write(arguments.folder)}\n")
    return 0
