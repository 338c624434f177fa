"""Shapes of a journal's records: what any file may hold is checked before anything is made of it."""

from __future__ import annotations

from typing import Any, cast

import msgpack

from simnet.records.plain_data import MismatchError, from_plain
from simnet.records.score import Score

KEPT = ("opened", "announced", "coded", "plan")
"""Replies that are recorded. Pictures are not: their score is, once it is known."""
MOST_HOSTS = 10_000
_SHAPES: dict[str, tuple[type, ...]] = {
    "begin": (int, str, dict),
    "answer": (str, int, str, dict, list),
    "score": (str, int, str, dict),
    "change": (str, int, int),
    "lost": (str, int, str),
}
_INVOCATION = {"command": str, "overrides": list, "scenario_text": str, "device": str}


def unpack(record: bytes) -> tuple[str, list[Any]]:
    """Return a record's kind and values.

    Raises:
        MismatchError: It is no record of a journal.
    """
    try:
        found: object = msgpack.unpackb(record, raw=False, strict_map_key=True)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise MismatchError(f"is not msgpack ({type(error).__name__})") from error
    if not isinstance(found, list) or not found or not isinstance(found[0], str) or found[0] not in _SHAPES:
        raise MismatchError(f"is none of {', '.join(_SHAPES)}")
    kind, *values = cast("list[Any]", found)
    shape = _SHAPES[kind]
    if len(values) != len(shape) or any(type(value) is not each for value, each in zip(values, shape, strict=False)):
        raise MismatchError(f"{kind}: has other values than {', '.join(each.__name__ for each in shape)}")
    _check(kind, values)
    return kind, values


def _check(kind: str, values: list[Any]) -> None:
    if kind == "answer":
        _, _, reply, _, payloads = values
        if reply not in KEPT or not all(type(each) is bytes for each in payloads):
            raise MismatchError(f"answer: expected one of {', '.join(KEPT)}, with payloads of bytes")
    elif kind == "score" and values[3]:
        from_plain(Score, values[3])


def check_beginning(plain: dict[str, Any]) -> None:
    """Check what a run began with, but for its scenario.

    Raises:
        MismatchError: A field is missing, unknown, or not what a run writes.
    """
    if plain.keys() != {"scenario", "hosts", "invocation"}:
        raise MismatchError("begin: expected scenario, hosts and invocation")
    hosts, invocation = plain["hosts"], plain["invocation"]
    if type(hosts) is not int or not -1 <= hosts <= MOST_HOSTS:
        raise MismatchError(f"begin: hosts: expected a number from -1 to {MOST_HOSTS}")
    if not isinstance(invocation, dict):
        raise MismatchError("begin: invocation: expected a map")
    given = cast("dict[str, Any]", invocation)
    if any(type(value) is not _INVOCATION.get(name) for name, value in given.items()):
        raise MismatchError(f"begin: invocation: expected {', '.join(_INVOCATION)}, texts and a list of texts")
    if not all(type(each) is str for each in given.get("overrides", [])):
        raise MismatchError("begin: invocation: overrides: expected texts")
