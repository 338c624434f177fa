"""Grid of a sweep: every combination of settings, codecs and seeds, in run order."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simnet import code_files, codec_names, scenario
from simnet.codec import registry
from simnet.errors import InputError

if TYPE_CHECKING:
    from simnet.records import Scenario

MOST_POINTS = 100_000
RECORDED = "recorded"
"""Codec of frame sizes without pictures: a name alone does not select it."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Scenario, settings, codecs and seeds of a sweep.

    `scenario` is a file or the name of a shipped scenario. `settings` maps keys of the scenario (`*` matches any one key)
    to their values as text. Without `codecs` the scenario keeps its own. `seeds` are the seeds of the runs.
    """

    scenario: str
    settings: Mapping[str, Sequence[str]]
    codecs: Sequence[str] = ()
    seeds: Sequence[int] = ()
    """Empty: the scenario's own."""


@dataclass(frozen=True, slots=True)
class GridPoint:
    """One point of the grid, resolved."""

    point: str
    codec: str
    settings: tuple[tuple[str, str], ...]
    overrides: tuple[str, ...]
    """Settings that produce the scenario of this point, in the syntax of `--set`."""
    scenario: Scenario


def points(grid: Grid) -> list[GridPoint]:
    """Return all points, ordered so that neighbours have little in common: workers then rarely code the same frame at once.

    Raises:
        InputError: The scenario refuses a key or value, a codec or model is unknown, or there are no values or too many points.
    """
    grid = _checked(_with_seeds(grid))
    codecs = list(dict.fromkeys(grid.codecs)) or [""]
    made: list[GridPoint] = []
    for values in itertools.product(*grid.settings.values()):
        settings = dict(zip(grid.settings, values, strict=True))
        for codec in codecs:
            overrides = _overrides(settings, codec)
            loaded = scenario.load(grid.scenario, overrides)
            for seed in list(dict.fromkeys(grid.seeds)) or [loaded.seed]:
                name = _digest(loaded.name, settings, codec, seed)
                seeded = replace(loaded, seed=seed)
                made.append(GridPoint(name, codec, tuple(settings.items()), (*overrides, f"seed={seed}"), seeded))
    _check_difference(made)
    return made


def first_seeds(grid_scenario: str, settings: Mapping[str, Sequence[str]], count: int) -> range:
    """Return `count` seeds, beginning with the scenario's own; InputError if the scenario cannot be loaded."""
    own = scenario.load(grid_scenario, [f"{key}={values[0]}" for key, values in settings.items() if values])
    return range(own.seed, own.seed + count)


def _with_seeds(grid: Grid) -> Grid:
    """Return the grid with the values of the key `seed`, if set, as its seeds."""
    if "seed" not in grid.settings:
        return grid
    if grid.seeds:
        raise InputError("--set seed and --seeds are both given; expected one of them")
    try:
        seeds = [int(text) for text in grid.settings["seed"]]
    except ValueError:
        raise InputError(f"--set seed={','.join(grid.settings['seed'])}: expected whole numbers") from None
    return replace(grid, settings={key: own for key, own in grid.settings.items() if key != "seed"}, seeds=seeds)


def _checked(grid: Grid) -> Grid:
    """Return the grid; InputError if it cannot be run."""
    total = max(1, len(grid.codecs)) * max(1, len(grid.seeds))
    for key, values in grid.settings.items():
        if not all(values) or not values:
            raise InputError(f"--set {key}: no value; expected KEY=VALUE,VALUE,...")
        if len(set(values)) < len(values):
            raise InputError(f"--set {key}: a value is there twice; expected each once")
        total *= len(values)
    if total > MOST_POINTS:
        raise InputError(f"a grid of {total} points; expected at most {MOST_POINTS}")
    for seed in grid.seeds:
        if type(seed) is not int or seed < 0:
            raise InputError(f"seed {seed!r}: expected a whole number, 0 or more")
    for codec in grid.codecs:
        if type(codec) is not str:
            raise InputError(f"codec {codec!r}: expected a name, such as 'jpeg'")
    return grid


def _check_difference(made: list[GridPoint]) -> None:
    """Raise InputError if points with different settings resolve to the same scenario, which would be counted twice."""
    known: dict[tuple[str, bytes], GridPoint] = {}
    for point in made:
        resolved = hashlib.sha256(repr(point.scenario).encode()).digest()
        twin = known.setdefault((point.codec, resolved), point)
        if twin is not point:
            settings = zip(twin.settings, point.settings, strict=True)
            (key, one), (_, other) = next(pair for pair in settings if pair[0] != pair[1])
            raise InputError(
                f"--set {key}: {one} and {other} come to the same scenario; expected values that differ in it"
            )


def _overrides(settings: Mapping[str, str], codec: str) -> list[str]:
    return [f"{key}={value}" for key, value in settings.items()] + _codec_overrides(codec)


def _codec_overrides(codec: str) -> list[str]:
    """Return the settings that put a codec (`name` or `name=model`) into every stream.

    A codec that does not use side information gets none, so that it does not wait for unused pictures.
    """
    if not codec:
        return []
    name, equals, model = codec_names.partition_model(codec)
    if name == RECORDED:
        raise InputError(
            f"--codec {RECORDED}: which rows? expected --set 'streams.*.codec={{name: recorded, rows: FILE}}'"
        )
    name = code_files.located(codec_names.canonical(name))
    own = model if equals else None
    registry.known(name, own)
    if own is not None:
        registry.declared_times(name, own)  # a model of another codec is told here, in the user's words
    side = [] if registry.takes_side(name, own) else ["streams.*.side_information=[]"]
    plain, options = codec_names.bare(name), codec_names.options_of(name)
    # Every key is set, so that no setting of the scenario's codec remains.
    keys = dict.fromkeys(("model", "quality", "weights", "rows", "stream", "side"))
    keys |= {"name": plain, "model": own, "options": options}
    keys["side"] = "fuse" if name.endswith(codec_names.FUSE) else None
    return [f"streams.*.codec={json.dumps(keys)}", *side]


def _digest(name: str, settings: Mapping[str, str], codec: str, seed: int) -> str:
    text = json.dumps([name, list(settings.items()), codec, seed])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
