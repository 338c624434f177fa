"""Overrides (`--set path.of.key=value`), which change a scenario's tree before its validation."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from simnet.errors import ScenarioError
from simnet.scenario import document
from simnet.scenario.document import SourceLocation, SourceLocations, show
from simnet.scenario.explain import expanded, keys_of
from simnet.scenario.schema import scenario_schema
from simnet.suggestions import near

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.scenario.document import Path

Members = dict[str, dict[str, str]]
"""By section (nodes, links), the name of each member of a fleet, and the fleet's."""

LONGEST_SHOWN = 80
"""Letters of an override that messages repeat; the rest of it is cut."""


@dataclass(frozen=True)
class Override:
    """One `--set` override; its faults are reported before faults of the file."""

    keys: tuple[str, ...]
    value: Any
    location: SourceLocation


@dataclass(frozen=True)
class Layer:
    """Override of all streams that match `pattern`; it is applied after the streams' names are known."""

    pattern: str
    tree: dict[str, Any]
    location: SourceLocation
    keys: tuple[str, ...] = ()
    """Below the stream: `rate` sets the rate control, `rate.scream.ecn` changes a part of one."""


def parse(texts: list[str]) -> list[Override]:
    """Return the overrides of `texts` (KEY=VALUE each); ScenarioError if one has another form."""
    parsed: list[Override] = []
    for index, text in enumerate(texts):
        key, equals, value = text.partition("=")
        shown = f"--set {text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + '...'}"
        if not equals or not all(key.split(".")):
            raise ScenarioError(
                f"{shown}: no override; expected path.of.key=value, such as links.*.bandwidth=100kbit/s"
            )
        try:
            tree = document.read_value(value)
        except ScenarioError as error:
            raise ScenarioError(f"{shown}: {error}") from None
        parsed.append(Override(tuple(key.split(".")), tree, SourceLocation((0, index), shown)))
    return parsed


def apply(
    tree: dict[str, Any],
    locations: SourceLocations,
    overrides: list[Override],
    expand: Callable[[], Members] = dict,
) -> list[Layer]:
    """Apply overrides to `tree` and `locations`; return the layers of streams.

    `*` in a key matches any text at one level. A key that is not in the tree can be set if the schema has it. An override
    of a stream's key is returned as a layer, because the file may define streams by patterns. `expand` makes the members of
    fleets, which an override changes by the fleet's name or by theirs.

    Raises:
        ScenarioError: An override matches no existing key and no optional key.
    """
    layers: list[Layer] = []
    missed: dict[int, str | None] = {}
    """By number of an override: what is wrong with it, if it names something that there is before fleets have members."""
    for number, override in enumerate(overrides):
        if override.keys[0] == "streams" and len(override.keys) > 2:
            layers.append(_layer(override))
        elif not _set(tree, override, override.keys, (), locations):
            missed[number] = _complaint(tree, override.keys) if _names_entry(tree, override) else None
    members = expand()
    for number, override in enumerate(overrides):
        if not _set_members(tree, override, members, locations) and number in missed:
            raise ScenarioError(f"{override.location.text}: {missed[number] or _complaint(tree, override.keys)}")
    return layers


def _names_entry(tree: dict[str, Any], override: Override) -> bool:
    section = tree.get(override.keys[0])
    return (
        len(override.keys) > 1
        and isinstance(section, dict)
        and any(fnmatchcase(name, override.keys[1]) for name in section)
    )


def _set_members(tree: dict[str, Any], override: Override, members: Members, locations: SourceLocations) -> bool:
    """Set the value at the members of fleets that the override names other than by the fleet's name."""
    if len(override.keys) < 2:
        return False
    section, pattern = override.keys[:2]
    done = False
    for member, fleet in members.get(section, {}).items():
        if fnmatchcase(member, pattern) and not fnmatchcase(fleet, pattern):
            done |= _enter(tree[section], override, override.keys[2:], (section, member), locations)
    return done


def _layer(override: Override) -> Layer:
    value = override.value
    for key in reversed(override.keys[2:]):
        value = {key: value}
    return Layer(override.keys[1], value, override.location, override.keys[2:])


def _set(
    tree: dict[str, Any], override: Override, keys: tuple[str, ...], path: Path, locations: SourceLocations
) -> bool:
    """Set the value at every place that `keys` match below `path`; return whether there was any."""
    done = False
    for key in list(tree):
        if fnmatchcase(key, keys[0]):
            done |= _enter(tree, override, keys[1:], (*path, key), locations)
    first = keys[0]
    if done or first in tree or first not in keys_of(scenario_schema.ScenarioSpec, path):
        return done
    return _enter(tree, override, keys[1:], (*path, first), locations)


def _enter(
    tree: dict[str, Any], override: Override, rest: tuple[str, ...], here: Path, locations: SourceLocations
) -> bool:
    """Set the value at `here`, whose last key is in `tree` or is valid there, or continue with the `rest` below it."""
    key = str(here[-1])
    if not rest:
        tree[key] = deepcopy(override.value)  # A later override may change only one match.
        locations.replace(here, override.location)
        return True
    if not isinstance(tree.get(key), dict):
        if rest[0] not in keys_of(scenario_schema.ScenarioSpec, here):
            return False
        # The place of the key holds a shorthand or nothing; the other settings of a shorthand are kept.
        tree[key] = expanded(scenario_schema.ScenarioSpec, here, tree.get(key))
        locations.replace(here, override.location)
    return _set(tree[key], override, rest, here, locations)


def _complaint(tree: Any, keys: tuple[str, ...]) -> str:
    """Return the error for the first of `keys` that neither tree nor schema has."""
    path: Path = ()
    known: list[str] = []
    key = ""
    for key in keys:
        found = list(tree) if isinstance(tree, dict) else []
        known = [*found, *(known for known in keys_of(scenario_schema.ScenarioSpec, path) if known not in found)]
        matching = next((name for name in found if fnmatchcase(name, key)), key if key in known else None)
        if matching is None or len(path) == len(keys) - 1:
            break
        path = (*path, matching)
        tree = tree.get(matching) if isinstance(tree, dict) else None
    return f"{show(keys)}: unknown key {key!r}{near(key, known)}; expected {_choice(known)}"


def _choice(known: list[str]) -> str:
    return f"one of: {', '.join(known)}" if known else "a shorter path: there is nothing below"
