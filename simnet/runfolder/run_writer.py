"""The run folder: rows and links as Parquet, everything else that a report needs as JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from simnet.runfolder.run_reader import ABOUT, LINKS, ROWS
from simnet.runfolder.sweep_reader import SHOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from simnet.net import LinkStatistics
    from simnet.records import Row

PICTURES = "pictures"


def write_rows(folder: Path, rows: Sequence[Row]) -> None:
    """Write one line a frame; columns are `records.Row`'s fields."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from simnet.records import Row

    kinds = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "str": pa.string(), "Outcome": pa.string()}
    kinds["tuple[str, ...]"] = pa.list_(pa.string())
    schema = pa.schema([(item.name, kinds[str(item.type).removesuffix(" | None")]) for item in fields(Row)])
    columns = _columns(schema.names, rows)
    columns["outcome"] = [outcome.value for outcome in columns["outcome"]]
    pq.write_table(pa.Table.from_pydict(columns, schema), folder / ROWS)


def write_links(folder: Path, links: Sequence[LinkStatistics]) -> None:
    """Write one line a link and 100 ms; columns are `records.link_bin.LinkBin`'s fields."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from simnet.records.link_bin import LinkBin

    schema = pa.schema([(item.name, pa.string() if item.name == "link" else pa.int64()) for item in fields(LinkBin)])
    bins = [each for link in links for each in link.bins]
    columns = _columns(schema.names, bins)
    pq.write_table(pa.Table.from_pydict(columns, schema), folder / LINKS)


def write_shown(folder: Path, rows: Sequence[Row], screen: Mapping[tuple[str, int], tuple[float, float]]) -> None:
    """Write PSNR and MS-SSIM of what the receiver shows when each frame is due, in the rows' order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"stream": pa.string(), "sequence": pa.int64(), "psnr_db": pa.float64(), "ms_ssim": pa.float64()}
    keys = [key for row in rows if (key := (row.stream, row.sequence)) in screen]
    columns = [[key[0] for key in keys], [key[1] for key in keys], *([screen[key][n] for key in keys] for n in (0, 1))]
    table = pa.Table.from_pydict(dict(zip(kinds, columns, strict=True)), pa.schema(kinds.items()))
    pq.write_table(table, folder / SHOWN)


def write_about(folder: Path, about: dict[str, Any]) -> None:
    """Write `run.json`."""
    (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def _columns(names: Sequence[str], records: Sequence[object]) -> dict[str, list[Any]]:
    """Return the named attributes of many records, name by name; there are millions of them."""
    return {name: list(map(attrgetter(name), records)) for name in names}
