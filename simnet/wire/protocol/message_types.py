"""Message types: the fields of the header of each, and how many payloads it carries.

The shape of a field is a Python type, a tuple of alternatives, `[shape]` for a list, or `{"name": shape}` for a map with exactly
these keys. Messages that carry grants and plans take their shapes from the records in `simnet.records.grants`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin

from simnet.records import plain_data
from simnet.records.grants import Capture, Delivery, Plan, SideChoice

if TYPE_CHECKING:
    from collections.abc import Collection

Shape = Any
"""A type, a tuple of shapes (alternatives), a one-element list of a shape, a dict of shapes, or None."""

MAX_INTEGER = 2**63 - 1
MAX_TEXT = 4096


def shape_of(record: type, without: Collection[str] = ()) -> Shape:
    """Return the shape of a record's plain data; the fields in `without` travel as payloads."""
    return {name: _shape(hint) for name, hint in plain_data.type_hints(record).items() if name not in without}


def _shape(hint: Any) -> Shape:
    origin: Any = get_origin(hint)
    arguments: tuple[Any, ...] = get_args(hint)
    if origin in {Union, UnionType}:
        return tuple(None if kind is NoneType else _shape(kind) for kind in arguments)
    if origin is tuple:
        return [_shape(arguments[0])]
    if is_dataclass(hint):
        return shape_of(cast("type", hint))
    return str if issubclass(cast("type", hint), StrEnum) else hint


STREAM: Shape = {"name": str, "payload_bytes": int, "overhead_bytes": int}


@dataclass(frozen=True, slots=True)
class MessageType:
    """Header and payloads of one kind of message."""

    fields: dict[str, Shape] = field(default_factory=dict[str, Shape])
    payloads: tuple[int, int] = (0, 0)
    """Smallest and largest number of payloads."""


MESSAGE_TYPES: dict[str, MessageType] = {
    # host -> broker before an epoch exists, and the broker's answers; a session starts with the envelope of its welcome
    "hello": MessageType({"host": str, "nodes": [str], "fusion": bool, "cores": int, "scenario": str, "version": str}),
    "welcome": MessageType({"pulse": str}),
    "refused": MessageType({"reason": str}),
    # both ways on the heartbeat sockets
    "beat": MessageType({"host": str}),
    # broker -> host, one request each
    "open": MessageType(
        {"streams": [STREAM], "fusion": bool, "threads": int, "answer_delay_s": float, "overrides": [str]}, (1, 1)
    ),
    "capture": MessageType(shape_of(Capture)),
    "delivery": MessageType(shape_of(Delivery, without=("data",)), (0, 1)),
    "wake": MessageType({"time_ns": int}),
    "announce": MessageType({}, (1, 1)),
    "picture": MessageType({"stream": str, "sequence": int, "sides": [shape_of(SideChoice)]}, (1, 1)),
    "tally": MessageType(),
    "stop": MessageType({"failure": (str, None)}),
    # the same, to a host that came back: node states, frames that a decoder saw, pictures that serve as side information
    "restore": MessageType({"stream": (str, None)}, (1, 1)),
    "prime": MessageType({"stream": str}, (1, 1)),
    "shown": MessageType({"stream": str, "sequence": int}, (1, 1)),
    # host -> broker, one reply to each of these
    "opened": MessageType({}, (1, 1)),
    "coded": MessageType({"quality": float}, (1, 2)),
    "plan": MessageType(shape_of(Plan), (0, 1)),
    "announced": MessageType(),
    "decoded": MessageType({"digest": str}, (1, 2)),
    "restored": MessageType(),
    "tallied": MessageType({"peak_rss_bytes": int, "seconds": [{"part": str, "seconds": float}]}),
    "stopped": MessageType(),
    "failed": MessageType({"error": str, "message": str}),
}


def conforms(value: object, shape: Shape) -> bool:
    """Return whether `value` has exactly this shape: no missing or extra keys, finite floats, 64-bit integers."""
    if isinstance(shape, tuple):
        return any(conforms(value, alternative) for alternative in cast("tuple[Shape, ...]", shape))
    if isinstance(shape, list):
        (item_shape,) = cast("list[Shape]", shape)
        return isinstance(value, list) and all(conforms(item, item_shape) for item in cast("list[object]", value))
    if isinstance(shape, dict):
        fields = cast("dict[str, Shape]", shape)
        if not isinstance(value, dict):
            return False
        items = cast("dict[object, object]", value)
        return items.keys() == fields.keys() and all(conforms(items[key], fields[key]) for key in fields)
    if shape is None:
        return value is None
    return _is_plain(value, shape)


def _is_plain(value: object, kind: type) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return abs(value) <= MAX_INTEGER
    return not isinstance(value, str) or len(value) <= MAX_TEXT
