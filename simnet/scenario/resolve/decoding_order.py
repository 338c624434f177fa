"""Decoding order of streams that serve each other as side information."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ServedBy = Mapping[str, Sequence[str]]
"""Streams that serve as side information, by the stream that they serve."""


def after_those_that_serve(served_by: ServedBy) -> list[str]:
    """Return the streams in topological order: each after its servers, otherwise in the given order; requires no cycle."""
    ordered: list[str] = []
    served: set[str] = set()
    waiting = list(served_by)
    while waiting:
        first = next(name for name in waiting if served.issuperset(served_by[name]))
        waiting.remove(first)
        served.add(first)
        ordered.append(first)
    return ordered


def cycle(served_by: ServedBy) -> list[str]:
    """Return a cycle of streams, each served by the next, from its first in the given order; empty if there is none."""
    clear: set[str] = set()
    for start in served_by:
        found = _walk(start, served_by, [], clear)
        if found:
            first = min(found, key=list(served_by).index)
            at = found.index(first)
            return found[at:] + found[:at]
    return []


def _walk(name: str, served_by: ServedBy, above: list[str], clear: set[str]) -> list[str]:
    if name in above:
        return above[above.index(name) :]
    if name in clear:
        return []
    for other in served_by[name]:
        if found := _walk(other, served_by, [*above, name], clear):
            return found
    clear.add(name)
    return []
