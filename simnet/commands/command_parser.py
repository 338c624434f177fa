"""Parser of the whole command line: commands in groups, an example each, and suggestions for what is misspelt."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from simnet import commands
from simnet.errors import InputError
from simnet.suggestions import near
from simnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed import SupportsWrite

WIDTH = 12
"""Letters of the column of commands in the help."""


class CommandParser(argparse.ArgumentParser):
    """Argument parser that raises InputError for wrong arguments; the usage is in the help."""

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Check the names of options first: a misspelt one is a better reason than one that is missing."""
        typed = sys.argv[1:] if args is None else list(args)
        self._check_options(typed)
        return super().parse_known_args(typed, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise InputError with a fault in one line."""
        raise InputError(f"{' '.join(message.split())} ({self.prog} --help says more)")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print the help; argparse's own method hides a full disk."""
        if message:
            out = file or sys.stderr
            out.write(message)
            sys.stdout.flush()

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is none of the choices, with the closest one."""
        if action.choices is None or value in action.choices:
            return
        known = list(map(str, action.choices))
        if action.dest == "command":
            raise InputError(f"no command {value!r}{near(value, known)}; expected one of: {', '.join(known)}")
        raise argparse.ArgumentError(action, f"{value!r}{near(value, known)}: expected one of: {', '.join(known)}")

    def _check_options(self, typed: Sequence[str]) -> None:
        """Raise InputError for an option that neither this parser nor, behind a command, another one has."""
        known = self._option_string_actions
        for text in typed:
            if text == "--" or (self._subparsers is not None and not text.startswith("-")):
                return
            name = text.partition("=")[0]
            is_option = (
                len(name) > 1 and name[0] == "-" and not name[1].isdigit() and name[1] != "." and " " not in name
            )
            is_short = is_option and name[1] != "-" and name[:2] in known
            if is_option and not is_short and not any(each.startswith(name) for each in known):
                offered = [each for each in known if each.startswith("--")]
                shown = " ".join(name.split())
                raise InputError(f"{self.prog}: no option {shown}{near(name, offered)} ({self.prog} --help lists them)")


def build() -> CommandParser:
    """Return the parser of `simnet`."""
    parser = CommandParser(
        prog="simnet",
        description="Simulate a distributed camera network: real codecs, simulated links, fusion with side information.",
        epilog=_overview(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="simnet [-h] [--version] COMMAND ...",
    )
    parser.add_argument("--version", action="version", version=f"simnet {__version__}")
    found = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", prog="simnet", help=argparse.SUPPRESS
    )
    for name in commands.NAMES:
        command = commands.find(name)
        own = found.add_parser(
            name,
            help=command.HELP,
            description=command.__doc__,
            epilog=f"example:\n  {command.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.configure(own)
    return parser


def _overview() -> str:
    """Return the commands in their groups, each with an example."""
    lines: list[str] = []
    for group, names in commands.GROUPS.items():
        lines.append(f"{group}:")
        for name in names:
            command = commands.find(name)
            lines += [f"  {name:<{WIDTH}}{command.HELP}", f"  {'':<{WIDTH}}$ {command.EXAMPLE}"]
        lines.append("")
    return "\n".join([*lines, "simnet COMMAND --help says more. Start with: simnet run vehicle_platoon"])
