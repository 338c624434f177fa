"""Conversion between frozen records and plain data: maps, lists, numbers and text, as in JSON and msgpack.

    Row(outcome=Outcome.LOST, side_sources=("a", "b"))  <──▶  {"outcome": "lost", "side_sources": ["a", "b"]}

This is the only such codec in the project: the wire, run folders and journals use it. Reading is strict: a field that is missing,
unknown or of the wrong type is an error that names the field.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


class MismatchError(ValueError):
    """Plain data does not match the expected record. The message names the field."""


def to_plain(value: Any) -> Any:
    """Convert records to maps, tuples and sets to lists, and enumeration members to their values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, set):
        return sorted(cast("set[Any]", value))
    return value


def from_plain(kind: type[Record], data: object) -> Record:
    """Return the record of class `kind` that `data` describes.

    Raises:
        MismatchError: A field is missing, unknown, or of the wrong type.
    """
    return cast("Record", _restore(kind, data, kind.__name__))


@cache
def type_hints(kind: type) -> dict[str, Any]:
    """Return the types of a record's fields, by name and in order."""
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}


def _restore(kind: Any, data: Any, where: str) -> Any:
    origin: Any = get_origin(kind)
    arguments: tuple[Any, ...] = get_args(kind)
    if origin in {Union, types.UnionType}:
        return _restore_union(arguments, data, where)
    if origin in {tuple, set}:
        items = _restore_items(arguments if origin is tuple else (*arguments, Ellipsis), data, where)
        return items if origin is tuple else set(items)
    if origin is not None and issubclass(origin, Mapping):
        return _restore_map(arguments[1], data, where)
    if is_dataclass(kind) and isinstance(kind, type):
        return _restore_record(kind, data, where)
    return _restore_value(cast("type[Any]", kind), data, where)


def _restore_value(kind: type[Any], data: Any, where: str) -> Any:
    if issubclass(kind, Enum):
        if not isinstance(data, str | int):
            raise _mismatch(
                where, data, kind.__name__
            )  # nothing else is a value; it may be nested too deep to be shown
        try:
            return kind(data)
        except ValueError as error:
            raise MismatchError(f"{where}: {data!r:.40} is no {kind.__name__}") from error
    if kind is float and type(data) is int:
        return float(data)
    if type(data) is not kind:
        raise _mismatch(where, data, kind.__name__)
    return data


def _restore_union(alternatives: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in alternatives:
        return None
    kinds = [kind for kind in alternatives if kind is not type(None)]
    if len(kinds) != 1:
        raise TypeError(f"{where}: a union of {len(kinds)} types; expected one type, or one type and None")
    return _restore(kinds[0], data, where)


def _restore_items(arguments: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise _mismatch(where, data, "a list")
    items = cast("list[Any]", data)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_restore(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(items))
    if len(items) != len(arguments):
        raise MismatchError(f"{where}: {len(items)} items; expected {len(arguments)}")
    return tuple(_restore(kind, item, where) for kind, item in zip(arguments, items, strict=True))


def _restore_map(kind: Any, data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise _mismatch(where, data, "a map")
    items = cast("dict[Any, Any]", data)
    for key in items:
        if not isinstance(key, str):
            raise _mismatch(f"{where}: the key {key!r:.40}", key, "text")
    return {key: _restore(kind, item, f"{where}.{key}") for key, item in items.items()}


def _restore_record(kind: type, data: Any, where: str) -> Any:
    hints = type_hints(kind)
    if not isinstance(data, dict):
        raise _mismatch(where, data, f"the fields of {kind.__name__}")
    if missing := [name for name in hints if name not in data]:
        raise MismatchError(f"{where}: the field {missing[0]} is missing")
    if unknown := [name for name in cast("dict[Any, Any]", data) if name not in hints]:
        raise MismatchError(f"{where}: the field {unknown[0]!s:.40} is unknown; expected {', '.join(hints)}")
    return kind(**{name: _restore(hint, data[name], f"{where}.{name}") for name, hint in hints.items()})


def _mismatch(where: str, data: object, expected: str) -> MismatchError:
    return MismatchError(f"{where}: a {type(data).__name__}; expected {expected}")
