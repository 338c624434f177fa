"""`simnet check`: check a scenario, print it in full, or prove what it is expected to show."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.commands import code_options, device_options
from simnet.errors import InputError, ModelError
from simnet.printable import printable

if TYPE_CHECKING:
    import argparse

HELP = "check a scenario and print it with all defaults, prove what it is expected to show, or print the schema"
EXAMPLE = "simnet check vehicle_platoon"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    code_options.configure(parser)
    device_options.configure(parser)
    parser.add_argument("scenario", nargs="?", help="a scenario file, or the name of a shipped scenario")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of scenario files")
    parser.add_argument(
        "--expected",
        action="store_true",
        help="run the scenario and its variants, and compare with what its file expects",
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override a value, e.g. seed=3")


def execute(arguments: argparse.Namespace) -> int:
    """Print the schema, or the resolved scenario."""
    from simnet import codec, scenario
    from simnet.engine import preflight
    from simnet.nodes import plugin_rate

    if arguments.schema:
        sys.stdout.write(json.dumps(scenario.schema_json(), indent=2) + "\n")
        return 0
    if arguments.scenario is None:
        raise InputError("check: no scenario given; expected a file, a shipped scenario's name, or --schema")
    if arguments.expected:
        return _prove(arguments.scenario, arguments.set)
    loaded = scenario.load(arguments.scenario, arguments.set)
    for stream in loaded.streams:
        try:
            codec.check(stream, loaded.cameras[stream.name])
        except (ModelError, InputError) as error:
            raise type(error)(f"{loaded.path}: streams.{stream.name}.codec: {error}") from error
        try:
            plugin_rate.check(stream.rate.kind)
        except InputError as error:
            raise type(error)(f"{loaded.path}: streams.{stream.name}.rate: {error}") from error
    preflight.tell_unused_side(loaded)
    sys.stdout.write(scenario.dump(loaded))
    return 0


def _prove(name: str, overrides: list[str]) -> int:
    """Run the scenario and its variants, print both sides of each check, and return 0 if all hold."""
    from simnet import scenario
    from simnet.engine import expectations
    from simnet.store import Store

    expected = scenario.expectation(name)
    if expected is None or not expected.checks:
        raise InputError(
            f"{name}: no checks in the file; expected e.g. expect: {{shows: few losses, checks: [lost(*) < 3]}}"
        )
    sys.stdout.write(f"{printable(expected.shows)}\n")
    with tempfile.TemporaryDirectory(prefix="simnet-") as place, closing(Store(Path(place) / "store")) as store:
        proofs = expectations.prove(name, expected, Path(place), store, overrides)
    for proof in proofs:
        sign = "holds" if proof.holds else "FAILS"
        sys.stdout.write(f"{sign}  {printable(proof.check)}   ({proof.left:.4g} and {proof.right:.4g})\n")
    return 0 if all(proof.holds for proof in proofs) else 1
