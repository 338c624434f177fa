"""Age of information at the receiver: how long ago the newest picture that it has was captured.

    age │    /|   /|        /|      grows by a second a second; falls to a picture's own latency
        │   / |  / |      /  |      when that picture is ready
        │  /  | /  |    /    |
        └──────────────────────▶ time

Kaul, Yates and Gruteser (2012), equation 1: the mean is the area under this curve divided by the time. Late pictures count, at
their age. The curve begins with the first picture and ends with the run; before the first picture there is no age.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from simnet.records import Row


@dataclass(frozen=True, slots=True)
class Age:
    """The age over time as pieces that each grow from `start_ms` for `lasting_ms`."""

    pieces: tuple[tuple[float, float], ...]
    """(start_ms, lasting_ms)"""

    @property
    def mean_ms(self) -> float | None:
        """The mean over time; None without a picture."""
        total = sum(lasting for _, lasting in self.pieces)
        if not total:
            return None
        return sum((start + lasting / 2) * lasting for start, lasting in self.pieces) / total

    def percentile_ms(self, percent: float) -> float | None:
        """Return the age that is not exceeded for `percent` of the time; None without a picture."""
        total = sum(lasting for _, lasting in self.pieces)
        if not total:
            return None
        wanted = total * percent / 100
        # How many pieces pass each age: one more from where a piece starts, one less from where it ends.
        changes: dict[float, int] = {}
        for start, lasting in self.pieces:
            changes[start] = changes.get(start, 0) + 1
            changes[start + lasting] = changes.get(start + lasting, 0) - 1
        edges, below, passing = sorted(changes), 0.0, 0
        for low, high in itertools.pairwise(edges):
            passing += changes[low]
            if passing and below + passing * (high - low) >= wanted:
                return low + (wanted - below) / passing
            below += passing * (high - low)
        return edges[-1]


def age_of(rows: Sequence[Row], end_ns: int) -> Age:
    """Return the age of one stream's pictures until `end_ns`."""
    ready = sorted(
        (row.decode_ns, row.capture_ns) for row in rows if row.outcome.has_picture and row.decode_ns is not None
    )
    pieces: list[tuple[float, float]] = []
    newest_ns: int | None = None
    since_ns = 0
    for at_ns, capture_ns in [*ready, (end_ns, -1)]:
        if newest_ns is not None and min(at_ns, end_ns) > since_ns:
            pieces.append(((since_ns - newest_ns) / 1e6, (min(at_ns, end_ns) - since_ns) / 1e6))
        if newest_ns is None or capture_ns > newest_ns:
            newest_ns = capture_ns
        since_ns = at_ns
    return Age(tuple(pieces))
