"""`simnet ls`: what is shipped."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "list the shipped scenarios, the models and the codecs"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """List them."""
    from simnet import codec, console, scenario
    from simnet.codec import model

    scenarios = [{"name": name, "purpose": purpose, "path": str(path)} for name, purpose, path in scenario.catalogue()]
    found = {"scenarios": scenarios, "models": model.names(), "codecs": codec.names()}
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        console.show_catalogue(scenarios, model.names(), codec.names())
    return 0
