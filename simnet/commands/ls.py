"""`simnet ls`: list what can be named: scenarios, models, codecs, worlds, rate controls, transports, recipes, metrics."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

HELP = "list what can be named: scenarios, models, codecs, worlds, rate controls, transports, recipes, metrics"
EXAMPLE = "simnet ls"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def execute(arguments: argparse.Namespace) -> int:
    """Print the lists."""
    from simnet import console, scenario

    scenarios: list[dict[str, str]] = []
    for name, purpose, path in scenario.list_shipped():
        expect = scenario.expectation(str(path))
        expected = expect.shows if expect else ""
        scenarios.append({"name": name, "purpose": purpose, "expected": expected, "path": str(path)})
    found = {"scenarios": scenarios, **_names(), "plugins": _plugins()}
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        console.show_catalogue(found)
    return 0


def _names() -> dict[str, list[str]]:
    """Return the names that scenarios, recipes and options take, by what they name."""
    from simnet import codec, plugins, world
    from simnet.codec import model
    from simnet.learn.evaluation import picture_metrics
    from simnet.nodes import plugin_rate
    from simnet.scenario.schema import transport_schema
    from simnet.shipped import recipes

    return {
        "models": model.names(),
        "codecs": codec.names(),
        "rate_controls": plugins.names(plugins.RATES, plugin_rate.BUILT_IN),
        "transports": list(transport_schema.KINDS),
        "worlds": plugins.names(plugins.WORLDS, world.KINDS),
        "recipes": recipes(),
        "metrics": picture_metrics.names(),
    }


def _plugins() -> list[dict[str, str]]:
    """Return the plug-ins without importing them, each with its fault, if any."""
    from simnet import plugins, world
    from simnet.codec import registry
    from simnet.learn.evaluation import picture_metrics
    from simnet.nodes import plugin_rate
    from simnet.records.task_config import TASK_KINDS

    own = {
        plugins.CODECS: registry.OWN,
        plugins.WORLDS: world.KINDS,
        plugins.RATES: plugin_rate.BUILT_IN,
        plugins.METRICS: (*picture_metrics.ALWAYS, *picture_metrics.OWN),
        plugins.TASKS: TASK_KINDS,
    }
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
