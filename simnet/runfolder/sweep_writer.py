"""Writer of a sweep's folder: its points, its cells and its table. Many processes may write to one folder.

A cell is made aside, in a folder whose name begins with `.making`, and renamed when it is whole.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.errors import InputError, OutputError
from simnet.output_files import make_folder, write_whole, writing
from simnet.records.plain_data import to_plain
from simnet.runfolder.folder_names import CELLS, DISPLAYED, POINTS, TABLE_CSV, TABLE_PARQUET, cell_folder, point_file
from simnet.runfolder.record_tables import write_records
from simnet.runfolder.sweep_reader import has_cell, is_sweep
from simnet.runfolder.sweep_records import DisplayedPicture, Point

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

MAKING = ".making"
STALE_S = 24 * 3600
"""Unfinished cells of this age are removed; the process that makes a younger one may still be at work."""


def prepare(folder: Path, now_s: float) -> None:
    """Make a sweep's folder and remove unfinished cells of killed sweeps.

    Raises:
        InputError: The folder holds something that no sweep wrote.
        OutputError: It cannot be made.
    """
    make_folder(folder)
    with writing(folder):
        is_empty = not any(folder.iterdir())
    if not (is_empty or is_sweep(folder)):
        raise InputError(f"{folder}: holds something else; expected a new folder, or that of an earlier sweep")
    make_folder(folder / POINTS)
    make_folder(folder / CELLS)
    for unfinished in (folder / CELLS).glob(f"{MAKING}-*"):
        with suppress(OSError):
            if now_s - unfinished.stat().st_mtime > STALE_S:
                shutil.rmtree(unfinished, ignore_errors=True)


def write_point(folder: Path, point: Point) -> None:
    """Write a point of the grid; OutputError if it cannot be written."""
    write_whole(point_file(folder, point.point), (json.dumps(to_plain(point)) + "\n").encode())


def write_displayed(cell: Path, pictures: Sequence[DisplayedPicture]) -> None:
    """Write what the receiver displayed into a cell's folder, in the rows' order."""
    write_records(cell / DISPLAYED, DisplayedPicture, pictures)


def make_cell(folder: Path, cell: str, fill: Callable[[Path], None], exports: Collection[str] = ()) -> bool:
    """Make a cell by `fill`, which writes a run's folder, with these kinds of exports, at the path that it is given.

    Returns:
        Whether this call made it; False if another process was quicker, with the same cell.

    Raises:
        OutputError: The folder cannot be written to.
    """
    cells, path = folder / CELLS, cell_folder(folder, cell)
    make_folder(cells)
    with writing(cells):
        aside = Path(tempfile.mkdtemp(prefix=f"{MAKING}-", dir=cells))
    try:
        fill(aside / cell)
        if not has_cell(folder, cell, exports):
            with suppress(OSError):  # a cell that is damaged or lacks an export gives way
                os.rename(path, aside / "replaced")
            with suppress(OSError):
                os.rename(aside / cell, path)
                return True
        if not has_cell(folder, cell, exports):
            raise OutputError(f"{path}: cannot be made; expected a sweep's folder that can be written to")
        return False
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_table(folder: Path, types: Mapping[str, type], rows: Sequence[Mapping[str, Any]]) -> tuple[Path, Path]:
    """Write a sweep's table as CSV and Parquet, each whole or not at all; return their paths.

    `types` gives each column's type (int, float or str), in order.

    Raises:
        OutputError: The folder cannot be written to.
    """
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {int: pa.int64(), float: pa.float64(), str: pa.string()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in types.items()])
    text, packed = io.StringIO(newline=""), io.BytesIO()
    lines = csv.DictWriter(text, schema.names, lineterminator="\n")
    lines.writeheader()
    lines.writerows(rows)
    parquet.write_table(pa.Table.from_pylist(list(rows), schema), packed)
    write_whole(folder / TABLE_CSV, text.getvalue().encode())
    write_whole(folder / TABLE_PARQUET, packed.getvalue())
    return folder / TABLE_CSV, folder / TABLE_PARQUET
