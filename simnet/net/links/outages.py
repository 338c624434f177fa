"""Closures: times at which nothing passes a link, such as outages."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from simnet.errors import InputError

if TYPE_CHECKING:
    from simnet.records import LinkConfig


class Closure(Protocol):
    """Intervals of time in which packets do not arrive."""

    def overlaps(self, start_ns: int, end_ns: int) -> bool:
        """Return whether it is closed at `start_ns` or at any time before `end_ns`, which may lie in the future."""
        ...


class Outages:
    """Outages of a link that a scenario declares, [from, until) each."""

    def __init__(self, config: LinkConfig) -> None:
        """Read the outages of a link.

        Raises:
            InputError: They are not in order, or they overlap.
        """
        edges = [edge_ns for outage in config.outages for edge_ns in outage]
        if any(not before < after for before, after in pairwise(edges)) or (edges and edges[0] < 0):
            shown = [list(outage) for outage in config.outages]
            raise InputError(f"link {config.name!r}: outages are {shown} ns; expected ascending, none within another")
        self._edges = edges

    def overlaps(self, start_ns: int, end_ns: int) -> bool:
        """See `Closure`."""
        passed = bisect_right(self._edges, start_ns)
        return passed % 2 == 1 or (passed < len(self._edges) and self._edges[passed] < end_ns)
