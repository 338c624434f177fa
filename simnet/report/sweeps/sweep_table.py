"""A sweep's table: one row a point and stream, in order, with nothing in it that depends on when or where it was run."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from simnet.errors import InputError
from simnet.records import SECOND_NS, Outcome, Row
from simnet.report.age import age_ms
from simnet.report.run_summary import latency_ms, percentile, side_gain_db
from simnet.runfolder.atomic_files import replace_file
from simnet.runfolder.sweep_reader import CellFolder, Point, SweepFolder

CSV, PARQUET = "table.csv", "table.parquet"

_TEXT = ("stream", "stream_codec", "fingerprint", "cell")
_COUNTS = ("frames", "in_time", "late", "lost", "corrupt", "reference_lost", "node_lost")
_PACKETS = ("packets_sent", "packets_lost", "retransmissions")
_NUMBERS = (
    *("sent_kbit_s", "bpp", "psnr_db", "ms_ssim", "shown_psnr_db", "shown_ms_ssim", "side_used", "side_gain_db"),
    *("latency_ms_p50", "latency_ms_p95", "latency_ms_p99", "age_ms_mean", "age_ms_p95", "queue_ms_mean"),
)
COLUMNS = ("stream", "stream_codec", "offered_kbit_s", *_COUNTS, *_NUMBERS, *_PACKETS, "fingerprint", "cell")
"""After those of the point: scenario, codec, seed and the swept keys."""

_PICTURES = (Outcome.DECODED, Outcome.ALONE, Outcome.LATE)


def rows(sweep: SweepFolder) -> Iterator[dict[str, Any]]:
    """Yield the table's rows, cell by cell; points without a cell have none.

    Raises:
        InputError: A cell's files are not what a sweep writes.
    """
    swept = sweep.swept
    for point in sweep.points:
        if sweep.has(point):
            yield from cell_rows(point, sweep.cell(point), swept)


def cell_rows(point: Point, cell: CellFolder, swept: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of one cell, in the scenario's order of streams."""
    settings = dict(point.settings)
    head = {"scenario": point.scenario, "codec": point.codec, "seed": point.seed}
    head |= {key: settings.get(key) for key in swept}
    about = cell.run.about
    offered = about.get("offered_kbit_s", {})
    tail = {"fingerprint": about["fingerprint"], "cell": point.cell}
    made = []
    for stream in cell.run.streams:
        own = [row for row in cell.run.rows if row.stream == stream]
        if own:
            shown = [each for each in cell.shown if each.stream == stream]
            figures = _figures(own, cell.run.virtual_s)
            figures["shown_psnr_db"] = _mean([each.psnr_db for each in shown])
            figures["shown_ms_ssim"] = _mean([each.ms_ssim for each in shown])
            row = head | {"stream": stream, "offered_kbit_s": offered.get(stream)} | figures | tail
            made.append({name: row[name] for name in (*head, *COLUMNS)})
    return made


def write(sweep: SweepFolder) -> tuple[Path, Path]:
    """Write table.csv and table.parquet, each whole or not at all; return their paths.

    Raises:
        InputError: A cell's files are not what a sweep writes, or the folder cannot be written to.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    swept = sweep.swept
    head, tail = (("scenario", "codec", "seed"), COLUMNS)
    kinds = [*((name, _kind(name)) for name in head), *((key, pa.string()) for key in swept)]
    schema = pa.schema([*kinds, *((name, _kind(name)) for name in tail)])
    text, packed = io.StringIO(newline=""), io.BytesIO()
    lines = csv.DictWriter(text, schema.names, lineterminator="\n")
    lines.writeheader()
    with pq.ParquetWriter(packed, schema) as parquet:
        made = list(rows(sweep))
        lines.writerows(made)
        parquet.write_table(pa.Table.from_pylist(made, schema))
    try:
        replace_file(sweep.path / CSV, text.getvalue().encode())
        replace_file(sweep.path / PARQUET, packed.getvalue())
    except OSError as error:
        raise InputError(f"{sweep.path}: cannot be written to ({error.strerror}); expected a sweep's folder") from error
    return sweep.path / CSV, sweep.path / PARQUET


def _kind(name: str) -> Any:
    import pyarrow as pa

    if name in {"seed", *_COUNTS, *_PACKETS}:
        return pa.int64()
    return pa.float64() if name in {"offered_kbit_s", *_NUMBERS} else pa.string()


def _figures(own: Sequence[Row], virtual_s: float) -> dict[str, Any]:
    counts = Counter(row.outcome for row in own)
    pictures = [row for row in own if row.outcome in _PICTURES]
    coded = [row for row in own if row.outcome is not Outcome.NODE_LOST]
    latencies = _present(latency_ms, pictures)
    ages = age_ms(own, round(virtual_s * SECOND_NS))
    return {
        "stream_codec": own[0].codec,
        "frames": len(own),
        "in_time": counts[Outcome.DECODED] + counts[Outcome.ALONE],
        "late": counts[Outcome.LATE],
        "lost": counts[Outcome.LOST],
        "corrupt": counts[Outcome.CORRUPT],
        "reference_lost": counts[Outcome.REFERENCE],
        "node_lost": counts[Outcome.NODE_LOST],
        "sent_kbit_s": _rounded(8 * sum(row.link_bytes for row in own) / virtual_s / 1e3) if virtual_s else None,
        "bpp": _mean([row.bpp for row in coded]),
        "psnr_db": _mean(_present(lambda row: row.psnr_db, pictures)),
        "ms_ssim": _mean(_present(lambda row: row.ms_ssim, pictures)),
        "side_used": _rounded(sum(bool(row.side_sources) for row in pictures) / len(pictures)) if pictures else None,
        "side_gain_db": _mean(_present(side_gain_db, pictures)),
        "latency_ms_p50": percentile(latencies, 50),
        "latency_ms_p95": percentile(latencies, 95),
        "latency_ms_p99": percentile(latencies, 99),
        "age_ms_mean": ages.mean_ms,
        "age_ms_p95": ages.percentile(95),
        "queue_ms_mean": _mean([row.queue_ns / 1e6 for row in coded]),
        "packets_sent": sum(row.packets_sent for row in own),
        "packets_lost": sum(row.packets_lost for row in own),
        "retransmissions": sum(row.retransmissions for row in own),
    }


def _present(measure: Callable[[Row], float | None], own: Sequence[Row]) -> list[float]:
    return [value for row in own if (value := measure(row)) is not None]


def _mean(values: Sequence[float]) -> float | None:
    return _rounded(sum(values) / len(values)) if values else None


def _rounded(value: float) -> float:
    """Six digits after the point are more than any figure is good for, and the same however sums are ordered."""
    return round(value, 6)
