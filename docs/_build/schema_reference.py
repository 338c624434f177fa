"""The scenario reference: a page of tables from the JSON Schema of scenario files.

    schema_json() ──▶ document and every definition ──▶ a section with a table: key, what may be written, default, meaning
"""

from __future__ import annotations

import json
from typing import Any

from markdown_text import cell, code

INTRODUCTION = """\
# Scenario files

A scenario is a YAML file. This page is generated from the JSON Schema that `simnet check --schema` prints; an editor that knows JSON
Schema completes and checks keys with it. Quantities have units (`10 Hz`, `400 kbit/s`, `16 kB`, `30 ms`, `36 km/h`, `90 deg`, `1 %`);
positions are in metres. `simnet check NAME` prints a scenario with every default written out. An unknown key is an error that names file,
line, column and key.

[Write a scenario](../howto/scenarios.md) shows how the parts fit together.
"""
QUANTITY = "^\\s*[+-]?("
"""How the pattern of a quantity begins."""


def page(schema: dict[str, Any]) -> str:
    """Return the page's Markdown."""
    sections = [INTRODUCTION, _section("The file", schema)]
    sections += [_section(name, schema["$defs"][name]) for name in _in_reading_order(schema)]
    return "\n".join(sections)


def _in_reading_order(schema: dict[str, Any]) -> list[str]:
    """Return the definitions' names, each after the first one that refers to it."""
    found: list[str] = []

    def visit(node: Any) -> None:
        for name in _references(node):
            if name not in found:
                found.append(name)
                visit(schema["$defs"][name])

    visit(schema["properties"])
    return found


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"].rpartition("/")[2]] if "$ref" in node else []
    return own + [name for key, value in node.items() if key != "examples" for name in _references(value)]


def _section(title: str, definition: dict[str, Any]) -> str:
    # The scenario's own keys are required unless it extends another one.
    needed = [key for choice in definition.get("anyOf", ()) for key in choice.get("required", ()) if key != "extends"]
    required = {*definition.get("required", ()), *definition.get("x-required", ()), *needed}
    rows = [
        f"| {code(key)} | {_shape(value)} | {_default(key, value, required)} | {_meaning(value)} |"
        for key, value in definition["properties"].items()
    ]
    table = "\n".join(["| key | what may be written | default | meaning |", "|---|---|---|---|", *rows])
    return f"## {title}\n\n{definition.get('description', '')}\n\n{table}\n"


def _default(key: str, value: dict[str, Any], required: set[str]) -> str:
    if key in required:
        return "**required**"
    return _written(value["default"]) if "default" in value else ""


def _meaning(value: dict[str, Any]) -> str:
    examples = value.get("examples", [])
    shown = f" For example {' or '.join(_written(each) for each in examples)}." if examples else ""
    return cell(value.get("description", "")) + shown


def _written(value: Any) -> str:
    """Return a value as one would write it into a YAML file."""
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        text = value if len(value) <= 20 else f"{value[:8]}…"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: {_plain(each)}" for key, each in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(_plain(each) for each in value) + "]"
    return code(text)


def _plain(value: Any) -> str:
    return _written(value).strip("`")


def _shape(node: dict[str, Any]) -> str:
    """Return what may be written, in words; definitions are links."""
    for choice in ("anyOf", "oneOf"):
        if choice in node:
            return " or ".join(dict.fromkeys(filter(None, map(_shape, node[choice]))))
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in node:
        return ", ".join(code(value) for value in node["enum"])
    if "const" in node:
        return "" if node["const"] == 0 else code(str(node["const"]))
    return _SHAPES.get(node.get("type", ""), lambda _: "any value")(node)


def _text(node: dict[str, Any]) -> str:
    pattern = node.get("pattern", "")
    return "quantity" if pattern.startswith(QUANTITY) else "name" if pattern.startswith("^[A-Za-z]") else "text"


def _number(node: dict[str, Any]) -> str:
    noun = "whole number" if node["type"] == "integer" else "number"
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None and high < 1e6:
        return f"{noun} from {low:g} to {high:g}"
    return f"{noun}, at least {low:g}" if low is not None and low > -1e6 else noun


def _array(node: dict[str, Any]) -> str:
    if "prefixItems" in node:
        items = list(dict.fromkeys(map(_shape, node["prefixItems"])))
        return f"list of {len(node['prefixItems'])}: {', '.join(items)}{' each' if len(items) == 1 else ''}"
    least, most = node.get("minItems"), node.get("maxItems")
    count = f"{least} " if least is not None and least == most else f"{least} or more " if least else ""
    if least and most and least != most:
        count = f"{least} to {most} "
    return f"list of {count}{_shape(node['items']) if 'items' in node else 'values'}".replace("list of 2 values", "list of 2")


def _object(node: dict[str, Any]) -> str:
    inner = node.get("additionalProperties") or next(iter(node.get("patternProperties", {}).values()), None)
    keys = "distance" if "kbit/s" in json.dumps(node.get("examples", "")) else "name"
    return f"mapping from {keys} to {_shape(inner)}" if isinstance(inner, dict) else "mapping"


_SHAPES = {
    "string": _text,
    "number": _number,
    "integer": _number,
    "array": _array,
    "object": _object,
    "boolean": lambda _: "`true` or `false`",
    "null": lambda _: "",
}
