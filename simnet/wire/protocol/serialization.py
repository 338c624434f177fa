"""Frozen records <-> plain data (maps, lists, numbers, text) that msgpack and JSON can hold."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgpack

from simnet.errors import WireError

Record = TypeVar("Record")


def to_plain(value: Any) -> Any:
    """Return `value` with records as maps, tuples and sets as lists and enumerations as their values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, set):
        return sorted(value)
    return value


def from_plain(kind: type[Record], data: object) -> Record:
    """Return the record of class `kind` that `data` describes.

    Raises:
        WireError: A field is missing, unknown, or of another type than the record's.
    """
    return cast("Record", _restore(kind, data, kind.__name__))


def pack_records(records: object) -> bytes:
    """Return `to_plain(records)` as msgpack."""
    return cast("bytes", msgpack.packb(to_plain(records), use_bin_type=True))


def unpack_records(data: bytes) -> Any:
    """Return the plain data of `pack_records`.

    Raises:
        WireError: Not msgpack.
    """
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=True, max_ext_len=0)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise WireError(f"a payload is not msgpack ({type(error).__name__})") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _restore(kind: Any, data: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _restore_union(arguments, data, where)
    if origin in {tuple, set}:
        return origin(_restore_tuple(arguments if origin is tuple else (*arguments, Ellipsis), data, where))
    if is_dataclass(kind) and isinstance(kind, type):
        return _restore_record(kind, data, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError as error:
            raise WireError(f"{where}: {data!r:.40} is no {kind.__name__}") from error
    if kind is float and type(data) is int:
        return float(data)
    if type(data) is not kind:
        raise WireError(f"{where}: a {type(data).__name__}; expected {getattr(kind, '__name__', kind)}")
    return data


def _restore_union(alternatives: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in alternatives:
        return None
    kinds = [kind for kind in alternatives if kind is not type(None)]
    return _restore(kinds[0], data, where)


def _restore_tuple(arguments: tuple[Any, ...], data: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise WireError(f"{where}: a {type(data).__name__}; expected a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_restore(arguments[0], item, f"{where}[{place}]") for place, item in enumerate(data))
    if len(data) != len(arguments):
        raise WireError(f"{where}: {len(data)} items; expected {len(arguments)}")
    return tuple(_restore(kind, item, where) for kind, item in zip(arguments, data, strict=True))


def _restore_record(kind: type, data: Any, where: str) -> Any:
    hints = _hints(kind)
    if not isinstance(data, dict) or data.keys() != hints.keys():
        raise WireError(f"{where}: not the fields of {kind.__name__}")
    return kind(**{name: _restore(hint, data[name], f"{where}.{name}") for name, hint in hints.items()})
