"""Rows and links as CSV files with the columns of `rows.parquet` and `links.parquet`."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from simnet.exports.export import Export
from simnet.output_files import whole
from simnet.records import Row
from simnet.records.link_bin import LinkBin
from simnet.runfolder.record_tables import columns_of, spread

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from simnet.exports.export import FinishedRun

ROWS, LINKS = "rows.csv", "links.csv"


class CsvTables(Export):
    """Export of both tables at the end of the run. None is an empty field; side sources are separated by spaces."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def finish(self, ended: FinishedRun) -> None:
        """See `Export`."""
        _write(self._folder / ROWS, Row, ended.rows)
        _write(self._folder / LINKS, LinkBin, (each for link in ended.links for each in link.bins))

    def abandon(self) -> None:
        """See `Export`; nothing is written before the end."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """See `Export`."""
        return (self._folder / ROWS, self._folder / LINKS)


def _write(path: Path, kind: type, records: Iterable[object]) -> None:
    further = spread(kind, records)
    names = columns_of(kind)
    with whole(path) as aside, aside.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([*names, *further])
        writer.writerows(
            [*(_cell(getattr(record, name)) for name in names), *(own[index] for own in further.values())]
            for index, record in enumerate(records)
        )


def _cell(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value
