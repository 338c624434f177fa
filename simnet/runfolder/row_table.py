"""The rows of a run as they lie in its folder: read in parts, or as the columns of one stream after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simnet.records import Row
from simnet.row_columns import NEVER, PLACES, RowColumns
from simnet.row_statistics import figures_of_columns
from simnet.runfolder.folder_names import ROWS
from simnet.runfolder.record_tables import SPREAD, open_table, records_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from simnet.row_statistics import StreamFigures

_COLUMNS = (
    "stream", "codec", "capture_ns", "decode_ns", "link_bytes", "bpp", "packets_sent", "packets_lost", "retransmissions",
    "outcome", "side_age_ns", "psnr_db", "ms_ssim", "alone_psnr_db", "queue_ns", "key", "concealed",
)  # fmt: skip
"""Those of a row that figures need."""
PART = 65_536
"""Rows that are held as records at a time."""


@dataclass(frozen=True, slots=True)
class RowTable:
    """The rows of a run's folder, in the order of the file, which is that of capture."""

    path: Path

    @classmethod
    def of(cls, folder: Path) -> RowTable:
        """Return the rows of a run's folder."""
        return cls(folder / ROWS)

    def __len__(self) -> int:
        with open_table(self.path) as file:
            return file.metadata.num_rows

    def __iter__(self) -> Iterator[Row]:
        """Yield every row.

        Raises:
            InputError: The file is no table of rows.
        """
        import pyarrow as pa

        with open_table(self.path) as file:
            for batch in file.iter_batches(PART, use_threads=False):
                yield from records_of(self.path, Row, pa.Table.from_batches([batch]))

    def figures(self, virtual_s: float) -> dict[str, StreamFigures]:
        """Return each stream's figures, in the order in which the streams first appear."""
        return {name: figures_of_columns(rows, virtual_s) for name, rows in self.by_stream()}

    def by_stream(self) -> Iterator[tuple[str, RowColumns]]:
        """Yield the columns of each stream, in the order in which the streams first appear."""
        with open_table(self.path) as file:
            if not file.metadata.num_rows:
                return
            tasks = [name for name in file.schema_arrow.names if SPREAD in name]

            def column(name: str) -> Any:
                return file.read([name], use_threads=False).column(name)

            streams = column("stream").combine_chunks().dictionary_encode()
            codes = streams.indices.to_numpy()
            order = np.argsort(codes, kind="stable")
            edges = np.searchsorted(codes[order], np.arange(len(streams.dictionary) + 1))
            # One column after the other: all of them would lie in memory twice.
            columns = {name: _array(name, column(name))[order] for name in (*_COLUMNS[2:], *tasks)}
            codecs = column("codec")
        for place, name in enumerate(streams.dictionary.to_pylist()):
            own = {key: values[edges[place] : edges[place + 1]] for key, values in columns.items()}
            codec, has_side = codecs[int(order[edges[place]])].as_py(), own.pop("side_age_ns") != NEVER
            figures = {task: own.pop(task) for task in tasks}
            yield name, RowColumns(codec=codec, has_side=has_side, tasks=figures, **own)


def _array(name: str, column: Any) -> NDArray[Any]:
    """Return a column without gaps: NEVER or NaN where there is no value."""
    if name == "outcome":
        coded = column.combine_chunks().dictionary_encode()
        places = np.array([PLACES[value] for value in coded.dictionary.to_pylist()], np.int8)
        return places[coded.indices.to_numpy()]
    kind = str(column.type)
    return (
        column.fill_null(NEVER if kind == "int64" else float("nan")).to_numpy()
        if column.null_count
        else column.to_numpy()
    )
