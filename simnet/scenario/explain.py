"""Error messages of scenarios: location, key, fault and expected form, in the terms of the file."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from simnet import units
from simnet.errors import ScenarioError
from simnet.scenario.document import Path, SourceLocation, SourceLocations, show
from simnet.scenario.schema import fields, scenario_schema
from simnet.suggestions import near

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails


@dataclass(frozen=True, order=True)
class Problem:
    """Fault of a scenario; faults sort by location, with overrides first."""

    location: SourceLocation
    path: str
    text: str


class Problems:
    """Collection of faults; its single error states the number of further faults."""

    def __init__(self, locations: SourceLocations) -> None:
        self.locations = locations
        self.found: list[Problem] = []

    def elsewhere(self, location: SourceLocation) -> Problems:
        """Return a view of the collection for an override at `location`."""
        view = Problems(SourceLocations(location))
        view.found = self.found
        return view

    def at_key(self, path: Path, text: str, shown: Path | None = None) -> None:
        """Add a fault of the key at `path`; the message names `shown` instead if given."""
        self.found.append(Problem(self.locations.of_key(path), show(shown or path), text))

    def at_value(self, path: Path, text: str) -> None:
        """Add a fault of the value at `path`."""
        self.found.append(Problem(self.locations.of_value(path), show(path), text))

    def add(
        self, error: ValidationError, tree: Any, root: type[BaseModel] = scenario_schema.ScenarioSpec, prefix: Path = ()
    ) -> None:
        """Add the faults that pydantic found in `tree`, which is located at `prefix`."""
        details = error.errors(include_url=False)
        within = {detail["loc"][:depth] for detail in details for depth in range(len(detail["loc"]))}
        for detail in details:
            if detail["type"] == "too_short" and detail["loc"] in within:
                continue  # pydantic counts the items that fit: those that do not are the fault
            self._add(detail, tree, root, prefix)

    def stop(self) -> None:
        """Raise the first fault, if any, as one line."""
        if not self.found:
            return
        first, more = min(self.found), len(set(self.found)) - 1
        where = f"{first.location.text}: {first.path}" if first.path else first.location.text
        raise ScenarioError(f"{where}: {first.text}{f' (and {more} more)' if more else ''}")

    def _add(self, detail: ErrorDetails, tree: Any, root: type[BaseModel], prefix: Path) -> None:
        location = tuple(detail["loc"])
        kind = detail["type"]
        of_key = bool(location) and location[-1] == "[key]"
        inner = written(tree, location)
        if kind == "missing":
            key = str(location[-1])
            owner = prefix + written(tree, location[:-1])
            self.at_key(owner, f"required key is missing; expected {key}: {_example(root, location)}", (*owner, key))
        elif kind == "extra_forbidden":
            known = keys_of(root, inner[:-1])
            self.at_key(prefix + inner, f"unknown key{near(inner[-1], known)}; expected one of: {', '.join(known)}")
        elif of_key:
            self.at_key(prefix + inner, _what(detail, root, location))
        else:
            self.at_value(prefix + inner, _what(detail, root, location))


def written(tree: Any, location: Path) -> Path:
    """Return the part of `location` that exists in the tree, without pydantic's own steps (shorthands, choices, keys)."""
    path: list[str | int] = []
    for step in location:
        # A list is treated as a mapping from its indices.
        inside: Any = dict(enumerate(tree)) if isinstance(tree, list) else tree
        if isinstance(inside, dict) and step in inside:
            tree = inside[step]
            path.append(step)
    return tuple(path)


def keys_of(root: type[BaseModel], path: Path) -> list[str]:
    """Return the schema's keys of the mapping at `path`; empty if any name is allowed there."""
    found = _annotation(root, path)
    return [_key(name, field) for name, field in found.model_fields.items()] if _is_model(found) else []


def expanded(root: type[BaseModel], path: Path, value: Any) -> dict[str, Any]:
    """Return the mapping that the shorthand `value` at `path` expands to, or an empty one if it has other keys."""
    owner = _annotation(root, path[:-1])
    field = _field(owner, path[-1]) if _is_model(owner) else None
    shorthand = next((item for item in (field.metadata if field else ()) if isinstance(item, fields.Shorthand)), None)
    if shorthand is None or value is None:
        return {}
    try:
        said = shorthand.expand(value)
    except ValueError:
        return {}
    return said if isinstance(said, dict) and set(said) <= set(keys_of(root, path)) else {}


def _what(detail: ErrorDetails, root: type[BaseModel], location: Path) -> str:
    kind, given, context = detail["type"], units.shorten(detail["input"]), detail.get("ctx", {})
    if kind == "literal_error":
        known = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return f"{given} is unknown{near(detail['input'], known)}; expected {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        return f"{given} is no name; expected letters, digits, '-' and '_', a letter first"
    if kind in {"too_short", "too_long"}:
        limit = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return f"{context['actual_length']} given; expected {limit}, such as {_example(root, location)}"
    if kind in {"model_type", "dict_type", "model_attributes_type"}:
        keys = keys_of(root, location)
        return f"{given} is no mapping; expected {'keys ' + ', '.join(keys) if keys else 'names and what they are'}"
    wanted = detail["msg"].removeprefix("Input should be ").replace("greater than or equal to", "at least")
    wanted = wanted.replace("less than or equal to", "at most").replace("valid tuple", "list")
    return f"{given} does not fit; expected {wanted}, such as {_example(root, location)}"


def _example(root: type[BaseModel], location: Path) -> str:
    """Return the documented example of the nearest field around `location`."""
    for length in range(len(location), 0, -1):
        owner = _annotation(root, location[: length - 1])
        field = _field(owner, location[length - 1]) if _is_model(owner) else None
        if field is None:
            continue
        quantity = next((item for item in field.metadata if isinstance(item, fields.Quantity)), None)
        if quantity:
            return units.EXAMPLES[quantity.unit]
        if field.examples:
            return _flow(field.examples[0])
    return "a value"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    return f"[{', '.join(_flow(item) for item in value)}]" if isinstance(value, list) else str(value)


def _annotation(root: Any, path: Path) -> Any:
    found = root
    for key in path:
        if _is_model(found):
            field = _field(found, key)
            found = _bare(field.annotation) if field else None
        else:
            arguments = get_args(found)
            found = _bare(arguments[-1] if get_origin(found) is dict else arguments[0]) if arguments else None
    return found


def _bare(annotation: Any) -> Any:
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = arguments[0]
        elif origin in {Union, types.UnionType}:
            annotation = next(argument for argument in arguments if argument is not types.NoneType)
        else:
            return annotation


def _is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _field(model: type[BaseModel], key: str | int) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if _key(name, field) == key), None)


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name
