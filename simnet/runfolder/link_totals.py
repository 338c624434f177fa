"""What each link of a run did altogether, from the table of its links, without a record for each of its bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.runfolder.record_tables import open_table

if TYPE_CHECKING:
    from pathlib import Path

_SUMS = ("sent_bytes", "delivered_bytes", "sent_packets", "lost_packets", "dropped_packets")
PART = 262_144
"""Lines that are read at a time."""


@dataclass(slots=True)
class LinkTotals:
    """Sums of one link's bins, and its longest queue."""

    link: str
    sent_bytes: int = 0
    delivered_bytes: int = 0
    sent_packets: int = 0
    lost_packets: int = 0
    dropped_packets: int = 0
    queue_bytes_max: int = 0


def read_link_totals(path: Path) -> list[LinkTotals]:
    """Return the totals of every link in a run's table of links, in its order.

    Raises:
        InputError: The file cannot be read.
    """
    import pyarrow as pa

    found: dict[str, LinkTotals] = {}
    aggregates = [*((name, "sum") for name in _SUMS), ("queue_bytes_max", "max")]
    with open_table(path) as file:
        for batch in file.iter_batches(PART, columns=["link", *(name for name, _ in aggregates)], use_threads=False):
            grouped = pa.Table.from_batches([batch]).group_by("link", use_threads=False).aggregate(aggregates)
            for line in grouped.to_pylist():
                own = found.setdefault(line["link"], LinkTotals(line["link"]))
                for name in _SUMS:
                    setattr(own, name, getattr(own, name) + line[f"{name}_sum"])
                own.queue_bytes_max = max(own.queue_bytes_max, line["queue_bytes_max_max"])
    return list(found.values())
