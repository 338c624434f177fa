"""`simnet completion`: print the script that completes commands, options and names in a shell."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, cast

from simnet.errors import InputError

HELP = "print a script that completes commands, options, scenarios and codecs in your shell"
EXAMPLE = 'eval "$(simnet completion bash)"'
SHELLS = ("bash", "zsh", "tcsh", "fish", "powershell")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete in: " + ", ".join(SHELLS))


def execute(arguments: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from simnet import codec_names
    from simnet.commands import command_parser
    from simnet.scenario.catalogue import shipped_scenarios

    if arguments.shell not in shtab.SUPPORTED_SHELLS:
        known = ", ".join(shtab.SUPPORTED_SHELLS)
        raise InputError(
            f"completion: shtab {shtab.__version__} has none for {arguments.shell}; expected one of: {known}"
        )
    parser = command_parser.build()
    words = {
        "scenario": [name for name, _, _ in shipped_scenarios.list_shipped()],
        "codec": codec_names.names(),
    }
    for action in parser._actions:  # argparse has no public way to them
        if isinstance(action, argparse._SubParsersAction):
            action.help = "command"  # hidden in the help, which has its own list
            for command in action.choices.values():
                for each in command._actions:
                    _describe(each)
    sys.stdout.write(shtab.complete(parser, arguments.shell, preamble=cast("Any", _preamble(words))) + "\n")
    return 0


def _describe(action: Any) -> None:
    """Say what completes the values of an argument."""
    import shtab

    if action.dest in {"scenario", "codec"}:
        function = f"_simnet_{action.dest}s"
        action.complete = {"bash": function, "zsh": function}
    elif action.type is Path:
        is_folder = action.metavar == "DIR"
        action.complete = shtab.DIRECTORY if is_folder else shtab.FILE


def _preamble(words: dict[str, list[str]]) -> dict[str, str]:
    """Return the functions that complete names, by shell; scenarios may be files too."""
    bash, zsh = [], []
    for name, known in words.items():
        listed = " ".join(known)
        files = {"bash": 'compgen -f -- "$1"', "zsh": "_files"} if name == "scenario" else {"bash": "", "zsh": ""}
        # The last of several codecs between commas is completed.
        before = 'local typed="${1##*,}" front="${1%"${1##*,}"}"'
        bash.append(
            f'_simnet_{name}s() {{\n  {before}\n  compgen -P "$front" -W \'{listed}\' -- "$typed"\n  {files["bash"]}\n}}'
        )
        zsh.append(f"_simnet_{name}s() {{\n  compset -P '*,'\n  compadd -- {listed}\n  {files['zsh']}\n}}")
    return {"bash": "\n".join(bash), "zsh": "\n".join(zsh)}
