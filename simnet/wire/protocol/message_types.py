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
class Kind:
    """What one kind of message looks like."""

    fields: dict[str, Shape] = field(default_factory=dict)
    payloads: tuple[int, int] = (0, 0)
    """Least and greatest number of payloads."""


KINDS: dict[str, Kind] = {
    # host -> broker, before there is an epoch, and the broker's answers: from a welcome on, its envelope's session holds
    "hello": Kind({"host": str, "nodes": [str], "fusion": bool, "cores": int, "scenario": str, "version": str}),
    "welcome": Kind({"pulse": str}),
    "refused": Kind({"reason": str}),
    # both ways on the pulse sockets
    "beat": Kind({"host": str}),
    # broker -> host, one request each
    "open": Kind(
        {"streams": [STREAM], "fusion": bool, "threads": int, "answer_delay_s": float, "overrides": [str]}, (1, 1)
    ),
    "capture": Kind({"stream": str, "sequence": int, "time_ns": int, "feedback": [FEEDBACK]}),
    "delivery": Kind(
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
    "wake": Kind({"time_ns": int}),
    "announce": Kind({}, (1, 1)),
    "picture": Kind({"stream": str, "sequence": int, "sides": [SIDE]}, (1, 1)),
    "tally": Kind(),
    "stop": Kind({"failure": (str, None)}),
    # the same, to a host that came back: its nodes' states, frames that a decoder saw, pictures that serve as side information
    "restore": Kind({"stream": (str, None)}, (1, 1)),
    "prime": Kind({"stream": str}, (1, 1)),
    "shown": Kind({"stream": str, "sequence": int}, (1, 1)),
    # host -> broker, one reply to each of these
    "opened": Kind({}, (1, 1)),
    "coded": Kind({"quality": float}, (1, 2)),
    "plan": Kind({"decisions": [DECISION], "feedback": [FEEDBACK], "wake_ns": (int, None)}, (0, 1)),
    "announced": Kind(),
    "decoded": Kind({"digest": str}, (1, 2)),
    "restored": Kind(),
    "tallied": Kind({"peak_rss_bytes": int, "seconds": [{"part": str, "seconds": float}]}),
    "stopped": Kind(),
    "failed": Kind({"error": str, "message": str}),
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
