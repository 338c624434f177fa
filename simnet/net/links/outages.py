"""Times at which nothing passes a link."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from simnet.errors import InputError

if TYPE_CHECKING:
    from simnet.records import LinkConfig


class Closure(Protocol):
    """Something that keeps packets from arriving at times."""

    def touches(self, start_ns: int, end_ns: int) -> bool:
        """Tell whether it is closed at `start_ns`, or at any time between it and `end_ns`, which may be ahead of now.

        An end at the very moment of closing is before it.
        """
        ...


class Outages:
    """Outages that a scenario declares: [from, until) each."""

    def __init__(self, config: LinkConfig) -> None:
        """Take the link's outages.

        Raises:
            InputError: They are not in order, or overlap.
        """
        edges = [edge_ns for outage in config.outages for edge_ns in outage]
        if any(not before < after for before, after in pairwise(edges)) or (edges and edges[0] < 0):
            shown = [list(outage) for outage in config.outages]
            raise InputError(f"link {config.name!r}: outages are {shown} ns; expected ascending, none within another")
        self._edges = edges

    def touches(self, start_ns: int, end_ns: int) -> bool:
        """See `Closure`."""
        passed = bisect_right(self._edges, start_ns)
        return passed % 2 == 1 or (passed < len(self._edges) and self._edges[passed] < end_ns)
