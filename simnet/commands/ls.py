"""`simnet ls`: list scenarios, models, codecs and plug-ins."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "list the shipped scenarios, the models, the codecs and the plug-ins"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Print the lists."""
    from simnet import codec, console, scenario
    from simnet.codec import model

    scenarios: list[dict[str, str]] = []
    for name, purpose, path in scenario.list_shipped():
        expect = scenario.expectation(str(path))
        expected = expect.shows if expect else ""
        scenarios.append({"name": name, "purpose": purpose, "expected": expected, "path": str(path)})
    brought = _plugins()
    found = {"scenarios": scenarios, "models": model.names(), "codecs": codec.names(), "plugins": brought}
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        console.show_catalogue(scenarios, model.names(), codec.names(), brought)
    return 0


def _plugins() -> list[dict[str, str]]:
    """Return the plug-ins without importing them, each with its fault, if any."""
    from simnet import plugins, world
    from simnet.codec import registry
    from simnet.nodes import plugin_rate

    own = {plugins.CODECS: registry.OWN, plugins.WORLDS: world.KINDS, plugins.RATES: plugin_rate.BUILT_IN}
    return [
        {
            "kind": plugins.NOUNS[group],
            "name": each.name,
            "package": each.package,
            "fault": plugins.fault(each, names),
        }
        for group, names in own.items()
        for each in plugins.installed(group)
    ]
