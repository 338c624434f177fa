"""`simnet sweep`: run a grid of settings, codecs and seeds, and write a table and a page."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import argument_types, code_options, device_options, publication_options
from simnet.errors import InputError
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

PAGE_BYTES = 2_000_000
"""About the size of a sweep's page."""
WARM_UP_S = 12.0
"""Time after which a sweep's pace is measured: workers have to import everything first."""
HELP = "run a scenario at every point of a grid; write a table and a page of quality against bandwidth"
EXAMPLE = (
    "simnet sweep stereo_pair --codec jpeg,factorized --set 'links.*.bandwidth=200kbit/s,1Mbit/s' --out sweeps/stereo"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    code_options.configure(parser)
    device_options.configure(parser)
    parser.add_argument("scenario", help="a scenario file, or the name of a shipped scenario")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder to write: a new one, or that of a sweep to continue",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="KEY=V1,V2,...",
        help="values of a key of the scenario, e.g. links.*.bandwidth=100kbit/s,1Mbit/s; one value holds at every point",
    )
    parser.add_argument(
        "--codec",
        type=_codecs,
        default=[],
        metavar="A,B",
        help="codecs for all streams: name, name+fuse, 'name{option: value}', FILE.py:CLASS or name=model",
    )
    parser.add_argument(
        "--seeds",
        metavar="N|A:B|A,B",
        help="number of seeds from the scenario's own on, or A to B, or a list. Default: 1",
    )
    parser.add_argument(
        "--scheduler", metavar="tcp://HOST:PORT", help="address of a Dask scheduler; default: workers on this machine"
    )
    parser.add_argument(
        "--workers",
        type=argument_types.workers,
        metavar="N",
        help="worker processes on this machine; default: one a processor",
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="folder of the store of coded frames; default: ~/.cache/simnet"
    )
    parser.add_argument("--cache-size", metavar="SIZE", help="largest size of the store, e.g. 20GB; default: 8GB")
    parser.add_argument(
        "--export",
        metavar="KIND,...",
        help="also write each cell as mcap, mp4, pcap, csv, prometheus, any of them, into its own folder",
    )
    publication_options.configure(parser, "the sweep's folder")
    parser.add_argument("--no-report", dest="report", action="store_false", help="write the table only")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")


def execute(arguments: argparse.Namespace) -> int:
    """Run the sweep and print the result; the exit status is 1 if a cell failed."""
    from simnet import console, exports, progress, store, sweeps
    from simnet.sweeps.grid import Grid
    from simnet.sweeps.sweep import SweepOptions

    if arguments.scheduler and arguments.workers:
        raise InputError("--workers is for workers on this machine; expected it without --scheduler")
    asked = publication_options.kinds(arguments)
    settings: dict[str, Sequence[str]] = {}
    for key, values in arguments.set:
        if key in settings:
            raise InputError(f"--set {key}: given twice; expected all its values in one")
        settings[key] = values
    size = _size(arguments.cache_size) if arguments.cache_size else store.DEFAULT_LIMIT_BYTES
    grid = Grid(arguments.scenario, settings, arguments.codec, _seeds(arguments.scenario, settings, arguments.seeds))
    command = shlex.join(["simnet", *arguments.typed])
    arguments.go_on = lambda: f"go on with the same command: {command}"
    work = progress.Work("sweep", 0, None, folder=arguments.out, extra_bytes=PAGE_BYTES, early_s=WARM_UP_S)
    with progress.shown(work, quiet=arguments.json) as show:
        done = sweeps.run(
            grid,
            SweepOptions(
                out=arguments.out,
                store=arguments.cache or store.default_folder(),
                store_bytes=size,
                scheduler=arguments.scheduler,
                workers=arguments.workers,
                report=arguments.report,
                command=command,
                exports=() if arguments.export is None else exports.parse(arguments.export),
                watch=show,
                cancel=arguments.cancel,
            ),
        )
    for line in done.failed:
        sys.stderr.write(f"simnet: failed: {printable(line)}\n")
    written = publication_options.write([arguments.out], arguments.out, asked, quiet=arguments.json)
    if arguments.json:
        sys.stdout.write(json.dumps(done.plain() | {"published": [str(path) for path in written]}) + "\n")
    else:
        console.show_sweep(done.plain())
        console.show_published(written)
        failed = "try the failed cells again: the same command" if done.failed else ""
        console.show_next(done.report, failed or "add values, codecs or seeds: the cells so far are kept")
    return 1 if done.failed else 0


def _size(text: str) -> int:
    from simnet import units

    try:
        return units.parse_int(text, "B", "8 GB")
    except units.UnitError as error:
        raise InputError(f"--cache-size: {error}") from None


def _setting(text: str) -> tuple[str, list[str]]:
    key, equals, values = text.partition("=")
    if not equals or not key:
        raise ArgumentTypeError(f"{text!r}: expected KEY=VALUE,VALUE,... such as links.*.bandwidth=100kbit/s,1Mbit/s")
    return key, split(values)


def split(text: str) -> list[str]:
    """Return the parts between commas; a comma within brackets or quotes divides nothing."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter in "[{") - (letter in "]}")
        if letter == "," and not quote and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _codecs(text: str) -> list[str]:
    from simnet import codec_names

    names = codec_names.split(text)
    if not all(names):
        raise ArgumentTypeError(f"{text!r}: expected codecs such as atn,jpeg,hevc")
    return names


def _seeds(scenario: str, settings: dict[str, Sequence[str]], text: str | None) -> Sequence[int]:
    from simnet.sweeps import grid

    if text is None:
        return ()
    try:
        if ":" in text:
            first, last = map(int, text.split(":"))
            seeds: Sequence[int] = range(first, last + 1)
        elif "," in text:
            seeds = [int(part) for part in text.split(",")]
        else:
            seeds = grid.first_seeds(scenario, settings, int(text))
        count = len(seeds)
    except (ValueError, OverflowError):
        seeds, count = (), 0
    if not 0 < count <= grid.MOST_POINTS or min(seeds) < 0 or len(set(seeds)) < count:
        raise InputError(
            f"--seeds {text}: expected how many, such as 3, or which, such as 7:9 or 7,11; at most {grid.MOST_POINTS}"
        )
    return seeds
