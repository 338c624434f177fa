"""JSON Schema of a scenario file for editors, with defaults in the form that a user writes."""

from __future__ import annotations

from typing import Any

from simnet import drives, units
from simnet.scenario.schema import fields, scenario_schema

REQUIRED_KEY = "x-required"
"""Keys that a link and fusion need once a scenario is merged with those that it extends, and fleets have members."""


def schema_json() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every scenario file satisfies."""
    published = scenario_schema.ScenarioSpec.model_json_schema(by_alias=True)
    _tidy(published)
    # The files of some worlds bring nodes along, and a scenario that extends another one says what it changes alone.
    needed = [key for key in published.pop("required") if key != "nodes"]
    of_drive = {"properties": {"kind": {"enum": list(drives.KINDS)}}, "required": ["kind"]}
    extends = {"required": ["extends"]}
    published |= {
        "anyOf": [extends, {"required": needed}],
        "if": {"anyOf": [extends, {"properties": {"world": of_drive}, "required": ["world"]}]},
        "then": {},
        "else": {"required": ["nodes"]},
    }
    of_node = published["$defs"]["NodeSpec"]["properties"]["cameras"]["anyOf"][0]
    for named in (*(published["properties"][key] for key in ("nodes", "links", "media", "streams")), of_node):
        # An entry without a value removes that of the extended scenario.
        entries = named.get("patternProperties", named)
        for key in entries.keys() - named.keys() or ("additionalProperties",):
            entries[key] = {"anyOf": [entries[key], {"type": "null"}]}
    # A member of a fleet and what the extended scenario has are changed key by key.
    for name in ("LinkSpec", "FusionSpec"):
        published["$defs"][name][REQUIRED_KEY] = published["$defs"][name].pop("required")
    published["$defs"] = {_plain_name(name): definition for name, definition in published["$defs"].items()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | published


def _tidy(node: Any) -> None:
    """Write defaults with their units, remove defaults of mappings, whose keys have their own, and add examples of choices."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
    elif isinstance(node, dict):
        unit = node.pop(fields.UNIT_KEY, None)
        if isinstance(node.get("default"), dict) or node.get("default", 0) is None:
            del node["default"]
        elif unit is not None and "default" in node:
            node["default"] = units.text(node["default"], unit)
        for key in ("$ref", "title"):
            if isinstance(node.get(key), str):
                node[key] = _plain_name(node[key])
        for inner in node.values():
            _tidy(inner)
        for choice in node.get("anyOf", []):
            if "examples" in choice:
                node.setdefault("examples", choice["examples"])


def _plain_name(name: str) -> str:
    """Return the user-facing name of a schema class: Camera for CameraSpec."""
    return name.removesuffix("Spec")
