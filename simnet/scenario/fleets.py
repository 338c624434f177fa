"""Fleets: a node with a count becomes numbered nodes, and its links become one for each of them.

    nodes: {car: {count: 3, offset: {start: -12 m}, ...}}   ──▶   car_1, car_2, car_3
    links: {up: {from: car, to: mast, ...}}                 ──▶   up_1, up_2, up_3

This happens in the tree, before it is checked, so that everything after knows nodes and links alone. A node or a link that the
file has under a member's name says what differs there, merged as by `inheritance`. Texts of a fleet may hold `{number}` (from 1)
and `{index}` (from 0), with leading zeros as `{number:03}`.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from simnet.scenario import inheritance
from simnet.scenario.fleet_offsets import moved
from simnet.scenario.schema.fleet_schema import MOST_MEMBERS, OffsetSpec
from simnet.scenario.schema.path_schema import PLACES

if TYPE_CHECKING:
    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.overrides import Members

MOST_VALUES = 200_000
"""Maximum number of values of all members together."""
_NUMBERED = re.compile(r"\{(number|index)(?::0?(\d{1,2}))?\}")


def expand(tree: dict[str, Any], problems: Problems) -> Members:
    """Put members in place of fleets and of their links; return the fleet of each member, by section and name.

    Raises:
        ScenarioError: A count or an offset is at fault, or two fleets at the ends of a link differ in size.
    """
    nodes, links = tree.get("nodes"), tree.get("links")
    if not isinstance(nodes, dict):
        return {}
    counts = {name: node["count"] for name, node in nodes.items() if isinstance(node, dict) and "count" in node}
    if not counts:
        return {}
    for name, count in counts.items():
        if type(count) is bool or not isinstance(count, int) or not 1 <= count <= MOST_MEMBERS:
            text = f"no number of nodes; expected a whole number from 1 to {MOST_MEMBERS}"
            problems.at_value(("nodes", name, "count"), text)
        elif _size(nodes[name]) * count > MOST_VALUES:
            text = f"{count} nodes of {_size(nodes[name])} values; expected at most {MOST_VALUES} values together"
            problems.at_value(("nodes", name, "count"), text)
    offsets = {name: _offset(nodes[name], ("nodes", name, "offset"), problems) for name in counts}
    problems.stop()
    made: Members = {"nodes": {}, "links": {}}
    for name, count in counts.items():
        template = {key: value for key, value in nodes[name].items() if key not in {"count", "offset"}}
        members: dict[str, Any] = {}
        for index in range(count):
            member = _numbered(deepcopy(template), index)
            if index and "follows" in member:
                member["follows"] = f"{name}_{index}"
            try:
                members[f"{name}_{index + 1}"] = moved(member, offsets[name], index)
            except ValueError as error:
                problems.at_value(("nodes", name, "offset"), str(error))
                break
        _put(tree["nodes"], "nodes", name, members, problems)
        made["nodes"].update({member: str(name) for member in members})
    problems.stop()
    if isinstance(links, dict):
        _expand_links(links, counts, made, problems)
        problems.stop()
    return made


def _expand_links(links: dict[str, Any], counts: dict[str, int], made: Members, problems: Problems) -> None:
    for name, link in list(links.items()):
        if not isinstance(link, dict):
            continue
        ends = {key: link[key] for key in ("from", "to") if isinstance(link.get(key), str) and link[key] in counts}
        if not ends:
            continue
        sizes = {counts[fleet] for fleet in ends.values()}
        if len(sizes) > 1 or len(set(ends.values())) < len(ends):
            said = " to ".join(f"{fleet} ({counts[fleet]})" for fleet in ends.values())
            problems.at_key(("links", name), f"from {said}; expected two fleets of one size, or a fleet and a node")
            continue
        members: dict[str, Any] = {}
        for index in range(sizes.pop()):
            member = _numbered(deepcopy(link), index)
            member |= {key: f"{fleet}_{index + 1}" for key, fleet in ends.items()}
            handover = member.get("handover")
            if isinstance(handover, dict) and handover.get("node") in ends.values():
                handover["node"] = f"{handover['node']}_{index + 1}"
            members[f"{name}_{index + 1}"] = member
        _put(links, "links", name, members, problems)
        made["links"].update({member: str(name) for member in members})


def _put(entries: dict[str, Any], section: str, name: str, members: dict[str, Any], problems: Problems) -> None:
    """Put `members` in the place of the entry `name`, each below what the file says of it."""
    locations, template = problems.locations, (section, name)
    of_template = inheritance.copy_locations(locations, template, template)
    placed: dict[str, Any] = {}
    for key, entry in entries.items():
        if key != name:
            if key not in members and not _waits(key, entry, name):
                placed[key] = entry
            continue
        for member, made in members.items():
            path = (section, member)
            of_member = inheritance.copy_locations(of_template, template, path)
            placed[member] = made
            if entries.get(member) is None:
                locations.keys |= of_member.keys
                locations.values |= of_member.values
                continue
            own = inheritance.copy_locations(locations, path, path)
            locations.put(path, of_member)
            placed[member] = inheritance.merge(made, entries[member], path, locations, own)
    entries.clear()
    entries.update(placed)


def _waits(key: str, entry: Any, fleet: str) -> bool:
    """Return whether an entry changes a member that a fleet of this count does not have: a sweep may give it more."""
    number = key.removeprefix(f"{fleet}_")
    is_partial = isinstance(entry, dict) and not (PLACES | {"from", "to"}) & entry.keys()
    return is_partial and number != key and number.isascii() and number.isdigit() and not number.startswith("0")


def _numbered(value: Any, index: int) -> Any:
    """Return a tree with the numbers of a member in its texts."""
    if isinstance(value, dict):
        return {key: _numbered(inner, index) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbered(inner, index) for inner in value]
    if not isinstance(value, str):
        return value
    numbers = {"number": index + 1, "index": index}
    return _NUMBERED.sub(lambda found: f"{numbers[found[1]]:0{int(found[2] or 1)}}", value)


def _offset(node: dict[str, Any], path: Path, problems: Problems) -> OffsetSpec:
    written = node.get("offset")
    try:
        return OffsetSpec() if written is None else OffsetSpec.model_validate(written)
    except ValidationError as error:
        problems.add(error, written, OffsetSpec, path)
        return OffsetSpec()


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1
