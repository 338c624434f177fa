"""The commands of `simnet`, one small module each: what it takes and which room it calls.

A command is a module with `HELP` (one line), `configure(parser)` and `execute(arguments) -> exit status`. Nothing heavy is
imported until it is executed. What a command does lives in a room, not here. `wires` is what three of them share,
`numbers` are those that options take.
"""

from __future__ import annotations

import importlib
import keyword
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import argparse

NAMES = (
    "run",
    "sweep",
    "broker",
    "camera",
    "fusion",
    "keys",
    "report",
    "check",
    "ls",
    "encode",
    "decode",
    "evaluate",
    "train",
    "import",
    "dashboard",
)
"""In the order in which the help shows them."""


class Command(Protocol):
    """What a command's module has."""

    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""
        ...

    def execute(self, arguments: argparse.Namespace) -> int:
        """Do it; return the exit status."""
        ...


def find(name: str) -> Command:
    """Return the command called `name`, one of `NAMES`."""
    module = f"{name}_" if keyword.iskeyword(name) else name
    return cast("Command", importlib.import_module(f"{__name__}.{module}"))
