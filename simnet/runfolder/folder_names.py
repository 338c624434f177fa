"""Names of the files and folders that a run and a sweep leave; no other module spells them.

RUN/run.json                                    the manifest, written last: a folder that has it is whole
rows.parquet  links.parquet                 a row a frame, a row a link and 100 ms
shown.parquet                               in a sweep's cell: what the receiver displayed
pictures/<stream, / as ~>/<n>_<kind>.png    a few kept pictures
report.html                                 the page

SWEEP/asked/<point>.json                        a point of the grid, and the cell that answers it
cells/<cell>/                             a run's folder
table.csv  table.parquet  report.html
"""

from __future__ import annotations

from pathlib import Path

MANIFEST, ROWS, LINKS, DISPLAYED = "run.json", "rows.parquet", "links.parquet", "shown.parquet"
PICTURES, PAGE = "pictures", "report.html"
POINTS, CELLS = "asked", "cells"
TABLE_CSV, TABLE_PARQUET = "table.csv", "table.parquet"
COMPARISON = "comparison.html"
"""The page about several folders, in the working directory."""


def stream_folder(stream: str) -> str:
    """Return a stream's name as the name of a folder: `car/front` is `car~front`."""
    return stream.replace("/", "~")


def point_file(sweep: Path, point: str) -> Path:
    """Return the file of a sweep's point."""
    return sweep / POINTS / f"{point}.json"


def cell_folder(sweep: Path, cell: str) -> Path:
    """Return the folder of a sweep's cell."""
    return sweep / CELLS / cell
