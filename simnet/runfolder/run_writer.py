"""Writer of a run's folder: tables first, the manifest (`run_manifest.write_manifest`) last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simnet.records import Row
from simnet.records.link_bin import LinkBin
from simnet.runfolder.folder_names import LINKS, ROWS
from simnet.runfolder.record_tables import write_records
from simnet.runfolder.run_manifest import write_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["write_links", "write_manifest", "write_rows"]


class LinkHistory(Protocol):
    """What a link did, in bins of 100 ms; `net.LinkStatistics` is one."""

    @property
    def bins(self) -> tuple[LinkBin, ...]:
        """The bins, in order of time."""
        ...


def write_rows(folder: Path, rows: Sequence[Row]) -> None:
    """Write one line a frame; columns are the fields of `records.Row`."""
    write_records(folder / ROWS, Row, rows)


def write_links(folder: Path, links: Sequence[LinkHistory]) -> None:
    """Write one line a link and 100 ms; columns are the fields of `LinkBin`."""
    write_records(folder / LINKS, LinkBin, [each for link in links for each in link.bins])
