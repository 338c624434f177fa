"""Option of commands that may run code which a scenario, or `--codec`, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare `--allow-code`; `cli` gives the permission."""
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="run the code of codecs that are named by a file, such as ./mine.py:Codec; only for files that you trust",
    )
