"""Table of a sweep: one row for each point and stream, in order, independent of the time and place of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simnet.row_statistics import by_stream, figures_of, mean
from simnet.runfolder import sweep_writer
from simnet.runfolder.sweep_reader import CellFolder, SweepFolder
from simnet.runfolder.sweep_records import Point

_POINT = {"scenario": str, "codec": str, "seed": int}
_COUNTS = ("frames", "in_time", "late", "lost", "corrupt", "reference_lost", "node_lost")
_PACKETS = ("packets_sent", "packets_lost", "retransmissions")
_NUMBERS = (
    *("sent_kbit_s", "bpp", "psnr_db", "ms_ssim", "shown_psnr_db", "shown_ms_ssim", "side_used", "side_gain_db"),
    *("latency_ms_p50", "latency_ms_p95", "latency_ms_p99", "age_ms_mean", "age_ms_p95", "queue_ms_mean"),
)
COLUMNS: dict[str, type] = {
    "stream": str,
    "stream_codec": str,
    "offered_kbit_s": float,
    **dict.fromkeys(_COUNTS, int),
    **dict.fromkeys(_NUMBERS, float),
    **dict.fromkeys(_PACKETS, int),
    "fingerprint": str,
    "cell": str,
}
"""Columns with their types; they follow the columns of the point: scenario, codec, seed and the swept keys. Those of tasks,
`task.figure`, come last."""
_RENAMED = {"stream_codec": "codec", "in_time": "decoded", "sent_kbit_s": "kbit_s"}
"""Columns with a different name in `StreamFigures`."""


def rows(sweep: SweepFolder) -> Iterator[dict[str, Any]]:
    """Yield the table's rows, cell by cell; points without a cell have no rows.

    Raises:
        InputError: A cell's files do not have the format of a sweep.
    """
    swept = sweep.swept
    for point in sweep.points:
        if sweep.has(point):
            yield from cell_rows(point, sweep.cell(point), swept)


def cell_rows(point: Point, cell: CellFolder, swept: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of one cell, in the scenario's order of streams."""
    run, settings, streams = cell.run, dict(point.settings), by_stream(cell.run.rows)
    head = {"scenario": point.scenario, "codec": point.codec, "seed": point.seed}
    head |= {key: settings.get(key) for key in swept}
    made = []
    for stream in filter(streams.__contains__, run.streams):
        figures = asdict(figures_of(streams[stream], run.virtual_s))
        displayed = [each for each in cell.displayed if each.stream == stream]
        known = figures | {name: figures[own] for name, own in _RENAMED.items()}
        known |= {
            "stream": stream,
            "offered_kbit_s": run.manifest.offered_kbit_s.get(stream),
            "shown_psnr_db": mean([each.psnr_db for each in displayed]),
            "shown_ms_ssim": mean([each.ms_ssim for each in displayed]),
            "fingerprint": run.manifest.fingerprint,
            "cell": point.cell,
        }
        tasks: dict[str, float] = (
            run.manifest.summary.streams[stream].tasks if stream in run.manifest.summary.streams else {}
        )
        made.append(head | {name: known[name] for name in COLUMNS} | tasks)
    return made


def write(sweep: SweepFolder) -> tuple[Path, Path]:
    """Write table.csv and table.parquet, each atomically; return their paths.

    Raises:
        InputError: A cell's files do not have the format of a sweep, or the folder is not writable.
    """
    made = list(rows(sweep))
    own = _POINT | dict.fromkeys(sweep.swept, str) | COLUMNS
    tasks = sorted({name for row in made for name in row} - own.keys())
    return sweep_writer.write_table(sweep.path, own | dict.fromkeys(tasks, float), made)
