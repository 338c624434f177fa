"""Writer of a run's folder: tables first, the manifest (`run_manifest.write_manifest`) last."""

from __future__ import annotations

from dataclasses import fields
from itertools import chain
from typing import TYPE_CHECKING, Protocol

import numpy as np

from simnet.records import Row
from simnet.records.link_bin import LinkBin
from simnet.runfolder.folder_names import LINKS, ROWS
from simnet.runfolder.record_tables import columns_of, spread_columns, write_records
from simnet.runfolder.run_manifest import write_manifest
from simnet.runfolder.table_writer import TableWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from simnet.runfolder.table_writer import Column

__all__ = ["RowWriter", "write_links", "write_manifest", "write_rows"]


PART = 65_536
"""Lines that are written at a time."""


class LinkTable(Protocol):
    """What a link did, in bins of 100 ms; `net.LinkStatistics` is one."""

    def columns(self) -> Mapping[str, Column]:
        """Return the fields of `LinkBin`, a column each, in order of time."""
        ...


class RowWriter(TableWriter):
    """Writes one line a frame while a run goes on; columns are the fields of `records.Row`."""

    def __init__(self, folder: Path) -> None:
        """Write into a run's folder."""
        super().__init__(folder / ROWS, Row)
        self._names = [each.name for each in fields(Row)]
        self._spread = next(name for name in self._names if name not in columns_of(Row))

    def write_rows(self, rows: Sequence[tuple[object, ...]]) -> None:
        """Write rows that are given as the values of their fields, in order.

        Raises:
            OutputError: The file cannot be written.
        """
        columns = dict(zip(self._names, map(list, zip(*rows, strict=True)), strict=True))
        spread = spread_columns(columns.pop(self._spread))
        self.write(columns | spread)


def write_rows(folder: Path, rows: Sequence[Row]) -> None:
    """Write one line a frame; columns are the fields of `records.Row`."""
    write_records(folder / ROWS, Row, rows)


def write_links(folder: Path, links: Iterable[LinkTable]) -> None:
    """Write one line a link and 100 ms; columns are the fields of `LinkBin`."""
    with TableWriter(folder / LINKS, LinkBin) as table:
        waiting: list[Mapping[str, Column]] = []
        for link in links:
            waiting.append(link.columns())
            if sum(len(each["t_ns"]) for each in waiting) >= PART:
                table.write(_joined(waiting))
                waiting.clear()
        if waiting:
            table.write(_joined(waiting))
        table.close()


def _joined(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """Return the columns of several tables one below the other; each is of lists, or of arrays."""
    found: dict[str, Column] = {}
    for name in parts[0]:
        columns = [each[name] for each in parts]
        arrays = [each for each in columns if isinstance(each, np.ndarray)]
        found[name] = np.concatenate(arrays) if len(arrays) == len(columns) else list(chain.from_iterable(columns))
    return found
