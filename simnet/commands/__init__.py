"""Commands of `simnet`, one small module each: its arguments, and the call of the room that does the work.

    simnet NAME ... ──▶ cli ──▶ commands.find(NAME).configure(parser) ──▶ .execute(arguments) ──▶ api, engine, sweeps, ...

Rules: a command is a module with `HELP` (one line), `EXAMPLE` (a line to type), `configure(parser)` and
`execute(arguments) -> exit status`. A room is imported when the command is executed, so that `simnet --help` stays quick.
`command_parser` makes the parser of all commands, `host_options` holds the arguments that `broker`, `camera` and `fusion` share,
`argument_types` the numbers that options take.
"""

from __future__ import annotations

import importlib
import keyword
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import argparse

GROUPS = {
    "Simulate": ("run", "sweep", "demo", "check", "ls"),
    "Look at results": ("report", "dashboard"),
    "Measure, train and use codecs": ("evaluate", "encode", "decode", "train", "import"),
    "Run on several machines": ("broker", "camera", "fusion", "keys"),
    "This machine": ("cache", "completion"),
}
"""Commands by what they are for, in the order of the help."""
NAMES = tuple(name for names in GROUPS.values() for name in names)
"""Names of all commands."""


class Command(Protocol):
    """Interface of a command's module."""

    HELP: str
    EXAMPLE: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""
        ...

    def execute(self, arguments: argparse.Namespace) -> int:
        """Execute the command and return the exit status."""
        ...


def find(name: str) -> Command:
    """Return the command called `name`, one of `NAMES`."""
    module = f"{name}_" if keyword.iskeyword(name) else name
    return cast("Command", importlib.import_module(f"{__name__}.{module}"))
