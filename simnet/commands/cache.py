"""`simnet cache`: show what the store of coded frames takes on the disk, or clear it."""

from __future__ import annotations

import dataclasses
import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "show the size of the store of coded frames, or clear it"
EXAMPLE = "simnet cache --clear"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="folder of the store; default: that of sweeps, ~/.cache/simnet"
    )
    parser.add_argument("--clear", action="store_true", help="delete its entries; sweeps then code their frames again")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Print the sizes of the store's parts, and clear it if asked."""
    from simnet import store
    from simnet.readable import size_text

    folder = arguments.cache or store.default_folder()
    found: list[store.StoreUsage] = []
    if any((folder / part).is_dir() for part in store.PARTS):  # a look makes no folder
        with closing(store.Store(folder, None)) as opened:
            found = opened.usage()
            if arguments.clear:
                opened.clear()
    total = sum(part.size_bytes for part in found)
    if arguments.json:
        parts = [dataclasses.asdict(part) for part in found]
        shown = {"folder": str(folder), "bytes": total, "parts": parts, "cleared": arguments.clear}
        sys.stdout.write(json.dumps(shown) + "\n")
        return 0
    for part in found:
        share = f"{size_text(part.size_bytes)} of at most {size_text(part.limit_bytes)}"
        sys.stdout.write(f"{part.part:<8} {part.entries:>8} entries  {share}\n")
    freed = "cleared: " if arguments.clear else ""
    hint = "" if arguments.clear or not found else "; simnet cache --clear deletes it, and nothing but time is lost"
    sys.stdout.write(f"{printable(folder)}: {freed}{size_text(total)}{hint}\n")
    return 0
