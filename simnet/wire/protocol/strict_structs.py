"""Strict msgspec structs made from records: what is unknown, missing, of another type or beyond its bounds is refused by name.

    Plan ──strict_struct──▶ struct Plan ── msgspec's decoder ──▶ checked values       bounds: the records' own (`records.bounds`)

A decoder follows these types and nothing else, so it never descends into a structure of a stranger's making.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Collection

FLOATS = Meta(ge=-1e300, le=1e300)
"""Of floats without bounds of their own: only a comparison refuses what is not a number."""
INTEGERS = Meta(ge=-(2**63) + 1, le=2**63 - 1)
TEXTS = Meta(max_length=2**16)
LISTS = Meta(max_length=2**20)


def strict_struct(record: type, without: Collection[str] = ()) -> type[Struct]:
    """Return the struct of a record; the fields in `without` travel as payloads."""
    return _struct(record, frozenset(without))


@cache
def _struct(record: type, without: frozenset[str]) -> type[Struct]:
    hints = get_type_hints(record, include_extras=True)
    kept = [(each.name, strict_type(hints[each.name])) for each in fields(record) if each.name not in without]
    return msgspec.defstruct(record.__name__, kept, frozen=True, forbid_unknown_fields=True)


def strict_type(hint: Any) -> Any:
    """Return the type that a decoder takes for a field of this type: structs for records, lists for tuples of any length."""
    origin: Any = get_origin(hint)
    arguments: tuple[Any, ...] = get_args(hint)
    if origin is Annotated:
        base, *bounds = arguments
        return Annotated[(_unbounded(base), *bounds)]
    return _bounded(hint, origin)


def _bounded(hint: Any, origin: Any) -> Any:
    found = _unbounded(hint)
    if origin in {tuple, set} and get_origin(found) is list:
        return Annotated[found, LISTS]
    return {float: Annotated[float, FLOATS], int: Annotated[int, INTEGERS], str: Annotated[str, TEXTS]}.get(hint, found)


def _unbounded(hint: Any) -> Any:
    origin: Any = get_origin(hint)
    arguments: tuple[Any, ...] = get_args(hint)
    if origin in {Union, UnionType}:
        kinds = [strict_type(kind) for kind in arguments if kind is not NoneType]
        return Union[(*kinds, *([None] * (NoneType in arguments)))]
    if origin is tuple and arguments[-1] is not Ellipsis:
        return tuple[tuple(strict_type(kind) for kind in arguments)]
    if origin in {tuple, set}:
        return list[strict_type(arguments[0])]
    if origin is not None and issubclass(origin, Mapping):
        return dict[str, strict_type(arguments[1])]
    if is_dataclass(hint):
        return strict_struct(cast("type", hint))
    return hint
