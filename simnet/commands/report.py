"""`simnet report`: write the page of a run or a sweep from its folder, or one page that compares several."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import publication_options
from simnet.errors import InputError
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

    from simnet.report.publication.publication_kinds import FileKinds

HELP = "write the page of a run or a sweep again, or compare several"
EXAMPLE = "simnet report runs/vehicle_platoon-1"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "folders",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="a folder that simnet run, sweep or evaluate wrote; several runs and sweeps are compared",
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
    from simnet.report import evaluation_page

    asked = publication_options.kinds(arguments)
    if len(arguments.folders) == 1 and evaluation_page.is_evaluation(arguments.folders[0]):
        page = _evaluated(arguments.folders[0], arguments.out, asked)
    else:
        page = report.write(*arguments.folders, out=arguments.out)
    for path in (page, *publication_options.write(arguments.folders, page.parent, asked)):
        sys.stdout.write(f"{printable(path)}\n")
    return 0


def _evaluated(folder: Path, out: Path | None, asked: FileKinds) -> Path:
    """Return the page of an evaluation, which is not made again: its example pictures are in it alone."""
    from simnet.report import evaluation_page

    page = folder / evaluation_page.PAGE
    if out or not asked:
        raise InputError(
            f"{folder}: the page of an evaluation ({page.name}) is not made again; expected --figures or --tables, and no --out"
        )
    return page
