"""Values for the fields of the wire's typed messages: valid ones at random, and hostile ones for each field.

Both follow the declared types, so a new field, bound or kind of message is covered without a line here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from simnet.records.plain_data import to_plain

NESTED = "nested a thousand deep"
"""Stands for a structure that only bytes can hold; see `packed`."""
Path = tuple[str | int, ...]
"""Keys and places that lead to a field."""


def plain_values(struct: type) -> st.SearchStrategy:
    """Return a strategy of what a struct's decoder takes, as plain data."""
    return _values(inspect.type_info(struct))


def _values(kind: inspect.Type) -> st.SearchStrategy:  # noqa: PLR0911 - one for each type
    match kind:
        case inspect.StructType():
            return st.fixed_dictionaries({field.name: _values(field.type) for field in kind.fields})
        case inspect.ListType():
            return st.lists(_values(kind.item_type), max_size=3)
        case inspect.UnionType():
            return st.one_of(*map(_values, kind.types))
        case inspect.EnumType():
            return st.sampled_from([each.value for each in kind.cls])
        case inspect.IntType():
            return st.integers(kind.ge, kind.le)
        case inspect.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False, allow_infinity=False)
        case inspect.StrType(pattern=str() as pattern):
            return st.from_regex(pattern).filter(lambda text: len(text) <= (kind.max_length or len(text)))
        case inspect.StrType():
            return st.text(max_size=20)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
    raise AssertionError(f"no strategy for {kind}")


def hostile_values(kind: inspect.Type) -> Iterator[tuple[str, Any]]:
    """Yield values that a field of this type must not have, each with a name."""
    yield "nested", NESTED
    yield "another type", {"a map": 1}
    match kind:
        case inspect.IntType():
            yield "below its bound", kind.ge - 1 if kind.ge is not None else -(2**63)
            yield "above its bound", kind.le + 1 if kind.le is not None else 2**63
            yield "2^64 - 1", 2**64 - 1
            yield "a float", 1.5
            yield "a boolean", True
        case inspect.FloatType():
            yield from (
                ("not a number", math.nan),
                ("infinite", math.inf),
                ("-infinite", -math.inf),
                ("1e308", 1e308),
            )
            yield "text", "1"
        case inspect.StrType():
            yield "too long", "x" * ((kind.max_length or 2**16) + 1)
            yield "a number", 7
            yield "bytes", b"x"
        case inspect.EnumType():
            yield "an unknown value", "no such value"
        case inspect.ListType():
            yield "a list of nothing that it holds", [{"a map": 1}]
        case inspect.UnionType():
            yield from (
                each
                for inner in kind.types
                for each in hostile_values(inner)
                if each[0] not in {"nested", "another type"}
            )


def fields(struct: type, plain: Any) -> Iterator[tuple[Path, inspect.Type]]:
    """Yield every field of a struct, as far as the valid message `plain` has it."""
    yield from _fields(inspect.type_info(struct), plain, ())


def _fields(kind: inspect.Type, plain: Any, at: Path) -> Iterator[tuple[Path, inspect.Type]]:
    if at:
        yield at, kind
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from _fields(field.type, plain[field.name], (*at, field.name))
    elif isinstance(kind, inspect.ListType):
        for place, item in enumerate(plain[:1]):
            yield from _fields(kind.item_type, item, (*at, place))


def changed(plain: Any, at: Path, value: Any) -> Any:
    """Return plain data with another value at one place."""
    copy = to_plain(plain)
    inner = copy
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return copy


def packed(plain: Any) -> bytes:
    """Return plain data as msgpack, with real nesting in place of `NESTED`."""
    data = msgspec.msgpack.encode(plain)
    return data.replace(msgspec.msgpack.encode(NESTED), b"\x91" * 1000 + b"\x00")
