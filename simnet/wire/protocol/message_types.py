"""Every kind of message: its header's fields with their types, and how many payloads it carries.

A field's shape is a Python type, a tuple of alternatives, `[shape]` for a list, `{"name": shape}` for a map with exactly
these keys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

Shape = Any
"""A type, a tuple of shapes (alternatives), a one-element list of a shape, a dict of shapes, or None."""

MAX_INTEGER = 2**63 - 1
MAX_TEXT = 4096

STREAM: Shape = {"name": str, "payload_bytes": int, "overhead_bytes": int}
FEEDBACK: Shape = {
    "stream": str,
    "time_ns": int,
    "frames": int,
    "received_bytes": int,
    "packets_received": int,
    "packets_lost": int,
    "queue_ns": int,
    "delay_ns": int,
    "undecodable": (int, None),
}
SIDE: Shape = {"source": str, "sequence": int, "age_ns": int}
DECISION: Shape = {
    "stream": str,
    "sequence": int,
    "outcome": str,
    "start_ns": (int, None),
    "ready_ns": (int, None),
    "sides": [SIDE],
}


@dataclass(frozen=True, slots=True)
class MessageType:
    """What one kind of message looks like."""

    fields: dict[str, Shape] = field(default_factory=dict)
    payloads: tuple[int, int] = (0, 0)
    """Least and greatest number of payloads."""


MESSAGE_TYPES: dict[str, MessageType] = {
    # host -> broker, before there is an epoch, and the broker's answers: from a welcome on, its envelope's session holds
    "hello": MessageType({"host": str, "nodes": [str], "fusion": bool, "cores": int, "scenario": str, "version": str}),
    "welcome": MessageType({"pulse": str}),
    "refused": MessageType({"reason": str}),
    # both ways on the pulse sockets
    "beat": MessageType({"host": str}),
    # broker -> host, one request each
    "open": MessageType(
        {"streams": [STREAM], "fusion": bool, "threads": int, "answer_delay_s": float, "overrides": [str]}, (1, 1)
    ),
    "capture": MessageType({"stream": str, "sequence": int, "time_ns": int, "feedback": [FEEDBACK]}),
    "delivery": MessageType(
        {
            "stream": str,
            "sequence": int,
            "time_ns": int,
            "sent_ns": int,
            "complete": bool,
            "link_bytes": int,
            "packets_sent": int,
            "packets_lost": int,
            "queue_ns": int,
        },
        (0, 1),
    ),
    "wake": MessageType({"time_ns": int}),
    "announce": MessageType({}, (1, 1)),
    "picture": MessageType({"stream": str, "sequence": int, "sides": [SIDE]}, (1, 1)),
    "tally": MessageType(),
    "stop": MessageType({"failure": (str, None)}),
    # the same, to a host that came back: its nodes' states, frames that a decoder saw, pictures that serve as side information
    "restore": MessageType({"stream": (str, None)}, (1, 1)),
    "prime": MessageType({"stream": str}, (1, 1)),
    "shown": MessageType({"stream": str, "sequence": int}, (1, 1)),
    # host -> broker, one reply to each of these
    "opened": MessageType({}, (1, 1)),
    "coded": MessageType({"quality": float}, (1, 2)),
    "plan": MessageType({"decisions": [DECISION], "feedback": [FEEDBACK], "wake_ns": (int, None)}, (0, 1)),
    "announced": MessageType(),
    "decoded": MessageType({"digest": str}, (1, 2)),
    "restored": MessageType(),
    "tallied": MessageType({"peak_rss_bytes": int, "seconds": [{"part": str, "seconds": float}]}),
    "stopped": MessageType(),
    "failed": MessageType({"error": str, "message": str}),
}


def conforms(value: object, shape: Shape) -> bool:
    """Return whether `value` has exactly this shape: no missing and no extra keys, finite floats, 64-bit integers."""
    if isinstance(shape, tuple):
        return any(conforms(value, alternative) for alternative in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(conforms(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        return (
            isinstance(value, dict)
            and value.keys() == shape.keys()
            and all(conforms(value[key], shape[key]) for key in shape)
        )
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
