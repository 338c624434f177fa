"""Age of information at the receiver: how long ago the newest picture that it has was captured.

    age │    /|   /|        /|      grows by a second a second; falls to a picture's own latency
        │   / |  / |      /  |      when that picture is ready
        │  /  | /  |    /    |
        └──────────────────────▶ time

Kaul, Yates and Gruteser (2012), equation 1: the mean is the area under this curve divided by the time. Late pictures count, at
their age. The curve begins with the first picture and ends with the run; before the first picture there is no age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simnet.records import Row


@dataclass(frozen=True, slots=True)
class Age:
    """The age over time as pieces that each grow from a start for as long as they last."""

    starts_ms: NDArray[np.float64]
    lasting_ms: NDArray[np.float64]

    @property
    def pieces(self) -> tuple[tuple[float, float], ...]:
        """(start, how long it lasts) of each piece, in ms."""
        return tuple(zip(self.starts_ms.tolist(), self.lasting_ms.tolist(), strict=True))

    @property
    def mean_ms(self) -> float | None:
        """The mean over time; None without a picture."""
        total = float(self.lasting_ms.sum())
        if not total:
            return None
        return float(((self.starts_ms + self.lasting_ms / 2) * self.lasting_ms).sum()) / total

    def percentile_ms(self, percent: float) -> float | None:
        """Return the age that is not exceeded for `percent` of the time; None without a picture."""
        total = float(self.lasting_ms.sum())
        if not total:
            return None
        wanted = total * percent / 100
        ends_ms = self.starts_ms + self.lasting_ms
        edges_ms = np.unique(np.concatenate([self.starts_ms, ends_ms]))
        # How many pieces pass each age: one more from where a piece starts, one less from where it ends.
        begun = np.searchsorted(np.sort(self.starts_ms), edges_ms, side="right")
        passing = (begun - np.searchsorted(np.sort(ends_ms), edges_ms, side="right"))[:-1]
        times_ms = passing * np.diff(edges_ms)
        until_ms = np.cumsum(times_ms)
        found = np.flatnonzero((passing > 0) & (until_ms >= wanted))
        if not len(found):
            return float(edges_ms[-1])
        at = found[0]
        return float(edges_ms[at] + (wanted - (until_ms[at] - times_ms[at])) / passing[at])


def age_of(rows: Sequence[Row], end_ns: int) -> Age:
    """Return the age of one stream's pictures until `end_ns`."""
    news = (row for row in rows if row.outcome.has_picture and row.concealed < 1)
    ready = [(row.decode_ns, row.capture_ns) for row in news if row.decode_ns is not None]
    times_ns = np.array(ready, np.int64).reshape(-1, 2)
    return age_of_pictures(times_ns[:, 0], times_ns[:, 1], end_ns)


def age_of_pictures(ready_ns: NDArray[np.int64], capture_ns: NDArray[np.int64], end_ns: int) -> Age:
    """Return the age of pictures that were ready and captured at these times, until `end_ns`."""
    order = np.lexsort((capture_ns, ready_ns))
    since_ns = ready_ns[order]
    newest_ns = np.maximum.accumulate(capture_ns[order]) if len(order) else capture_ns
    until_ns = np.minimum(np.append(since_ns[1:], end_ns), end_ns)
    grows = until_ns > since_ns
    return Age((since_ns - newest_ns)[grows] / 1e6, (until_ns - since_ns)[grows] / 1e6)
