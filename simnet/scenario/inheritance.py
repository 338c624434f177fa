"""Scenarios that extend another one: chains of files, and how a tree is merged over the one it extends.

    extends: base.yaml ──▶ base's tree ──▶ merge ◀── own tree        each value keeps the place that it comes from

- The file, its sections, and what has a name in them (a node, a camera, a link, a medium, a stream) are merged key by key, and so
  are `fusion`, `world` and a link's `return`.
- Everything else is replaced as a whole: lists, and settings such as a bandwidth, a queue or a codec.
- A node that gets another place (position, path or follows) loses the one it had, with its speed, start, gap and heading. A world
  or a medium of another kind is replaced as a whole.
- A key without a value (`~`) is removed. `name`, `expect` and `extends` are not inherited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnet.errors import InputError, ScenarioError
from simnet.scenario.catalogue import shipped_scenarios
from simnet.scenario.document import SourceLocations
from simnet.scenario.schema.path_schema import PLACES

if TYPE_CHECKING:
    from pathlib import Path as File

    from simnet.scenario.document import Path

KEY = "extends"
NOT_INHERITED = (KEY, "name", "expect")
MOST_FILES = 20
_WITH_PLACE = PLACES | {"speed", "start", "gap", "heading"}
_NAMED = ("nodes", "links", "media", "streams")
_BY_KEY = ("fusion", "world")


def base_of(tree: dict[str, Any], locations: SourceLocations, chain: list[File]) -> File | None:
    """Return the file that the last file of `chain`, whose tree this is, extends; None if it extends none.

    Raises:
        ScenarioError: There is no such file, or the files extend each other.
    """
    if KEY not in tree:
        return None
    written, location = tree[KEY], locations.of_value((KEY,))
    if not isinstance(written, str) or not written:
        raise ScenarioError(
            f"{location.text}: {KEY}: no name of a scenario; expected a file, or a shipped scenario's name"
        )
    beside = chain[-1].resolve().parent / written
    try:
        found = beside if beside.is_file() else shipped_scenarios.find(written)
    except (InputError, OSError, ValueError) as error:
        reason = (
            error if isinstance(error, InputError) else "no such file; expected a file, or a shipped scenario's name"
        )
        raise ScenarioError(f"{location.text}: {KEY}: {reason}") from None
    if found.resolve() in [file.resolve() for file in chain]:
        names = " -> ".join(file.name for file in [*chain, found])
        raise ScenarioError(f"{location.text}: {KEY}: scenarios extend each other: {names}; expected one that ends")
    if len(chain) >= MOST_FILES:
        raise ScenarioError(f"{location.text}: {KEY}: more than {MOST_FILES} files extend each other; expected fewer")
    return found


def inherited(
    base: tuple[dict[str, Any], SourceLocations], own: tuple[dict[str, Any], SourceLocations]
) -> tuple[dict[str, Any], SourceLocations]:
    """Return the tree and the locations of a scenario that extends another one."""
    base_tree, base_locations = base
    own_tree, own_locations = own
    kept = {key: value for key, value in base_tree.items() if key not in NOT_INHERITED}
    locations = SourceLocations(own_locations.root, dict(base_locations.keys), dict(base_locations.values))
    merged = merge(kept, {key: value for key, value in own_tree.items() if key != KEY}, (), locations, own_locations)
    return merged, locations


def merge(base: Any, own: Any, path: Path, locations: SourceLocations, own_locations: SourceLocations) -> Any:
    """Return `own` over `base`, both at `path`; `locations`, those of the base, become those of the result."""
    if not isinstance(base, dict) or not isinstance(own, dict) or not _merges(base, own, path):
        locations.put(path, own_locations)
        return own
    merged = dict(base)
    if len(path) == 2 and path[0] == "nodes" and PLACES & own.keys():
        merged = {key: value for key, value in base.items() if key not in _WITH_PLACE}
    for source, target in ((own_locations.keys, locations.keys), (own_locations.values, locations.values)):
        if path in source:
            target[path] = source[path]
    for key, value in own.items():
        if value is None:
            merged.pop(key, None)
            continue
        merged[key] = merge(merged.get(key), value, (*path, key), locations, own_locations)
    return merged


def copy_locations(locations: SourceLocations, source: Path, target: Path) -> SourceLocations:
    """Return the locations at and below `source` as those of `target`."""
    found = SourceLocations(locations.root)
    for known, copied in ((locations.keys, found.keys), (locations.values, found.values)):
        for path, location in known.items():
            if path[: len(source)] == source:
                copied[*target, *path[len(source) :]] = location
    return found


def _merges(base: dict[str, Any], own: dict[str, Any], path: Path) -> bool:
    """Return whether two mappings at `path` are merged key by key."""
    if path == () or (len(path) == 1 and path[0] in {*_NAMED, *_BY_KEY}):
        return path != ("world",) or _same_kind(base, own)
    if path[0] not in _NAMED:
        return False
    inner = path[2:]
    if not inner:
        return path[0] != "media" or _same_kind(base, own)
    if path[0] == "nodes":
        return inner[0] == "cameras" and len(inner) <= 2
    return path[0] == "links" and inner == ("return",)


def _same_kind(base: dict[str, Any], own: dict[str, Any]) -> bool:
    return own.get("kind", base.get("kind")) == base.get("kind")
