"""Reproduction data of a sweep: command lines, versions, checkpoints and processors."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from simnet import units
from simnet.report.formatting import MISSING
from simnet.report.sweeps.samples import SweepSamples
from simnet.runfolder.sweep_records import Point

_MOST = 12
MOST_COMMANDS = 4


def commands(readings: SweepSamples) -> list[str]:
    """Return the command lines of the cells; if there are too many, one for each scenario, derived from the points."""
    typed = list(readings.facts.commands)
    if 0 < len(typed) <= MOST_COMMANDS:
        return typed
    made = []
    for folder in readings.grid.folders:
        by_scenario: dict[str, list[Point]] = {}
        for point in folder.source.points:
            by_scenario.setdefault(point.scenario, []).append(point)
        made += [_command(scenario, points) for scenario, points in by_scenario.items()]
    return list(dict.fromkeys(made))


def _command(scenario: str, points: Sequence[Point]) -> str:
    values: dict[str, dict[str, None]] = {}
    for point in points:
        for key, value in point.settings:
            values.setdefault(key, {})[value] = None
    words = ["simnet", "sweep", scenario]
    for key, own in values.items():
        ordered = sorted(own, key=lambda value: units.magnitude(value) or 0.0)
        words += ["--set", f"{key}={','.join(ordered)}"]
    codecs = list(dict.fromkeys(point.codec for point in points if point.codec))
    words += ["--codec", ",".join(codecs)] if codecs else []
    seeds = sorted({point.seed for point in points})
    if len(seeds) > 1 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        words += ["--seeds", f"{seeds[0]}:{seeds[-1]}"]
    elif seeds:
        words += ["--seeds", f"{','.join(map(str, seeds))}" if len(seeds) > 1 else f"{seeds[0]}:{seeds[0]}"]
    return shlex.join([*words, "--out", "DIR"])


def facts(readings: SweepSamples) -> list[tuple[str, str]]:
    """Return facts about how the cells were made, as pairs of name and value."""
    found = readings.facts
    points = sum(readings.asked.values())
    seeds = sorted({point.seed for folder in readings.grid.folders for point in folder.source.points})
    return [
        ("folders", _said([folder.path for folder in readings.grid.folders])),
        ("cells", f"{points} asked for, {points - len(readings.absent)} there"),
        ("seeds", _said([str(seed) for seed in seeds])),
        ("version", _said(list(found.versions))),
        ("checkpoints", _said(list(found.checkpoints))),
        ("processor", _said(list(found.processors))),
    ]


def _said(items: Sequence[str]) -> str:
    if not items:
        return MISSING
    more = f" and {len(items) - _MOST} more" if len(items) > _MOST else ""
    return ", ".join(items[:_MOST]) + more
