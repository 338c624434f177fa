"""What a link did in every bin of 100 ms, as columns: a minute of ten thousand links is six million bins."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simnet.records.link_bin import LinkBin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Column = Sequence[str] | Sequence[int | None] | NDArray[np.int64]

BIN_NS = 100_000_000
COUNTS = (
    "sent_packets",
    "sent_bytes",
    "delivered_packets",
    "delivered_bytes",
    "lost_packets",
    "lost_bytes",
    "dropped_packets",
    "dropped_bytes",
)
"""Counts of one bin, in the order in which `LinkHistory.counts` holds them."""
WIDTH = len(COUNTS)


@dataclass(frozen=True, slots=True)
class LinkHistory:
    """Counts of one link from time 0 on, without gaps."""

    link: str
    counts: array[int]
    """`COUNTS` of the first bin, of the second bin, and so on."""
    queue_bytes_max: array[int]
    """Highest occupancy of the queue in each bin."""
    capacity_bytes: tuple[int, ...] | None = None
    """What a recorded bandwidth could carry in each bin; None without a recording."""
    traffic: LinkHistory | None = None
    """The share of background traffic, which may end earlier."""

    @property
    def count(self) -> int:
        """Number of bins."""
        return len(self.counts) // WIDTH

    @property
    def bins(self) -> tuple[LinkBin, ...]:
        """The bins as records."""
        columns = [column.tolist() if isinstance(column, np.ndarray) else column for column in self.columns().values()]
        return tuple([LinkBin(*values) for values in zip(*columns, strict=True)])

    def totals(self) -> dict[str, int]:
        """Return the sum of each count over all bins."""
        return dict(zip(COUNTS, self._table().sum(axis=0).tolist(), strict=True))

    def columns(self) -> dict[str, Column]:
        """Return the fields of `LinkBin` in their order, a column each."""
        table, count = self._table(), self.count
        named = {name: table[:, index] for index, name in enumerate(COUNTS)}
        own = np.zeros((count, WIDTH), np.int64) if self.traffic is None else self.traffic.table(count)
        return {
            "link": [self.link] * count,
            "t_ns": np.arange(count, dtype=np.int64) * BIN_NS,
            "sent_bytes": named["sent_bytes"],
            "delivered_bytes": named["delivered_bytes"],
            "lost_packets": named["lost_packets"],
            "dropped_packets": named["dropped_packets"],
            "sent_packets": named["sent_packets"],
            "queue_bytes_max": np.frombuffer(self.queue_bytes_max, np.int64),
            "capacity_bytes": [None] * count if self.capacity_bytes is None else list(self.capacity_bytes),
            "traffic_sent_bytes": own[:, COUNTS.index("sent_bytes")],
            "traffic_delivered_bytes": own[:, COUNTS.index("delivered_bytes")],
        }

    def with_traffic(self, traffic: LinkHistory) -> LinkHistory:
        """Return this history, which includes that of `traffic`."""
        return replace(self, traffic=traffic)

    def table(self, count: int) -> NDArray[np.int64]:
        """Return `COUNTS` of the first `count` bins, a row each; zeros after the last one."""
        found = np.zeros((count, WIDTH), np.int64)
        own = self._table()[:count]
        found[: len(own)] = own
        return found

    def _table(self) -> NDArray[np.int64]:
        return np.frombuffer(self.counts, np.int64).reshape(-1, WIDTH)
