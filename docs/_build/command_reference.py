"""The command reference: a page from the parser's own arguments."""

from __future__ import annotations

import argparse

from markdown_text import cell, code
from simnet import commands

INTRODUCTION = """\
# Commands

This page is generated from the command line's own parser; `simnet COMMAND --help` says the same. Every command ends with status 0 on
success, 1 when a run failed, 2 when an argument or a file is wrong, 130 after Ctrl-C. An error is one line on the standard error.
With `--json` the last line on the standard output is one JSON object.
"""


def page() -> str:
    """Return the page's Markdown."""
    overview = ["| command | what it does |", "|---|---|"]
    sections = []
    for name in commands.NAMES:
        command = commands.find(name)
        parser = argparse.ArgumentParser(prog=f"simnet {name}", add_help=False)
        command.configure(parser)
        overview.append(f"| [`{name}`](#simnet-{name}) | {cell(command.HELP)} |")
        sections.append(_section(parser, command.__doc__ or "", command.EXAMPLE))
    return "\n".join([INTRODUCTION, *overview, "", *sections])


def _section(parser: argparse.ArgumentParser, description: str, example: str) -> str:
    usage = parser.format_usage().removeprefix("usage: ").strip()
    lines = [f"## {parser.prog}", "", cell(description.partition(": ")[2]).capitalize(), "", "```text", usage, "```", ""]
    lines += [f"Example: `{example}`", ""]
    actions = parser._actions  # argparse has no public way to them
    if actions:
        lines += ["| argument | meaning |", "|---|---|", *map(_row, actions), ""]
    return "\n".join(lines)


def _row(action: argparse.Action) -> str:
    names = " ".join(code(_spelled(action, name)) for name in action.option_strings or [action.metavar or action.dest])
    needed = "**required.** " if action.required and action.option_strings else ""
    repeated = " May be repeated." if isinstance(action, argparse._AppendAction) else ""
    choices = f" One of {', '.join(map(code, action.choices))}." if action.choices else ""
    return f"| {names} | {needed}{cell(action.help or '')}.{choices}{repeated} |"


def _spelled(action: argparse.Action, name: object) -> str:
    if not action.option_strings or action.nargs == 0:
        return str(name)
    value = action.metavar or action.dest.upper()
    return f"{name} [{value}]" if action.nargs == "?" else f"{name} {value}"
