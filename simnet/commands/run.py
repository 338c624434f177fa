"""`simnet run`: a scenario becomes a folder with rows and a report."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

HELP = "run a scenario: rows, a report and a table of its streams"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    configure_run(parser)
    parser.add_argument("--hosts", type=_count, default=0, metavar="N", help="spread the nodes over N processes")
    parser.add_argument(
        "--answer-delay",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="wait up to this long at random before each answer of a node: changes nothing but the wall time",
    )


def configure_run(parser: argparse.ArgumentParser) -> None:
    """Declare what whoever leads a run takes: `lead` needs these."""
    parser.add_argument("scenario", help="a scenario file, or the name of a shipped scenario")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write; default: runs/<scenario>-<number>")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object on the last line")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a value, e.g. seed=3")
    parser.add_argument(
        "--live", metavar="ENDPOINT", help="publish telemetry for simnet dashboard, e.g. tcp://127.0.0.1:5570"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run the scenario."""
    return lead(arguments, hosts=arguments.hosts, answer_delay_s=arguments.answer_delay)


def lead(arguments: argparse.Namespace, **options: Any) -> int:
    """Run the scenario with these options of `engine.run`; print what it came to."""
    from simnet import console, engine, scenario
    from simnet.engine.runner import Asked

    loaded = scenario.load(arguments.scenario, arguments.set)
    out = arguments.out or _free_folder(loaded.name)
    text = Path(loaded.path).read_text(encoding="utf-8") if loaded.path else ""
    with console.progress(loaded, quiet=arguments.json) as progress:
        result = engine.run(
            loaded,
            out,
            live=arguments.live,
            progress=progress,
            asked=Asked(shlex.join(["simnet", *arguments.typed]), arguments.set, text),
            began=arguments.began,
            **options,
        )
    if arguments.json:
        sys.stdout.write(json.dumps(result.summary) + "\n")
    else:
        console.show_summary(result.summary)
    return 0


def _free_folder(name: str) -> Path:
    number = 1
    while (folder := Path("runs") / f"{name}-{number}").exists():
        number += 1
    return folder


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 256:
        raise ArgumentTypeError(f"{text!r}: expected a whole number from 0 to 256")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 60:
        raise ArgumentTypeError(f"{text!r}: expected seconds from 0 to 60")
    return seconds
