"""Figures of rows: what a run's summary, a sweep's table, a page and an export say of a stream.

    rows of one stream ──▶ StreamFigures ──▶ run.json, --json, table.csv, pages

Every figure is defined here, once. Means and percentiles are over the frames that have the value. A late picture is a picture:
its quality and latency count, and its lateness is counted apart. Figures are rounded to `DIGITS` and do not depend on the order
of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from simnet.age_of_information import age_of_pictures
from simnet.records import SECOND_NS, Outcome, Row
from simnet.row_columns import OUTCOMES, PLACES, RowColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS = 6
"""Digits after the decimal point of every figure."""
LEAST_FOR_P99 = 1000
"""Fewest frames of a stream from which tables show its 99th percentiles: ten frames are then beyond."""


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """Figures of one stream. A figure is None where no frame gives it."""

    codec: str
    frames: int
    decoded: int
    """Pictures in time, with or without side information."""
    late: int
    """Pictures decoded after the deadline; not in `decoded`."""
    lost: int
    corrupt: int
    reference_lost: int
    """Arrived whole, but referred to a frame that was not decoded."""
    node_lost: int
    """Never coded: the camera's process was gone."""
    key_frames: int
    """Sent; every frame of a codec that codes each alone."""
    kbit_s: float | None
    """Bytes on the first link, every packet's overhead included, over the run's virtual time."""
    bpp: float | None
    """Mean over all frames sent; overhead included."""
    psnr_db: float | None
    """Mean over decoded and late pictures."""
    ms_ssim: float | None
    side_used: float | None
    """Share of the pictures that used side information."""
    side_gain_db: float | None
    """Mean of (PSNR - PSNR of the same bitstream decoded alone) over the frames that used side information."""
    latency_ms_p50: float | None
    """Capture to picture, over decoded and late pictures."""
    latency_ms_p95: float | None
    latency_ms_p99: float | None
    age_ms_mean: float | None
    """Age of information at the receiver, over time."""
    age_ms_p95: float | None
    queue_ms_mean: float | None
    """Of the packet of each frame that waited longest."""
    packets_sent: int
    packets_lost: int
    retransmissions: int
    concealed: int = 0
    """Pictures of which slices are missing and were filled from other pictures; in `decoded` or `late`."""
    tasks: dict[str, float] = field(default_factory=dict[str, float])
    """Figures of tasks, `task.figure`: means over the frames that have the figure."""


def by_stream(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of each stream, in the order in which the streams first appear."""
    streams: dict[str, list[Row]] = {}
    for row in rows:
        streams.setdefault(row.stream, []).append(row)
    return streams


def summarise(rows: Iterable[Row], virtual_s: float) -> dict[str, StreamFigures]:
    """Return each stream's figures, in the order in which the streams first appear in `rows`.

    `virtual_s` is the run's virtual time in seconds; without any (0) there is no rate.
    """
    return {name: figures_of(own, virtual_s) for name, own in by_stream(rows).items()}


def figures_of(rows: Sequence[Row], virtual_s: float) -> StreamFigures:
    """Return the figures of one stream's rows, of which there is at least one."""
    return figures_of_columns(RowColumns.of(rows), virtual_s)


def figures_of_columns(rows: RowColumns, virtual_s: float) -> StreamFigures:
    """Return the figures of one stream's rows, of which there is at least one."""
    counts = np.bincount(rows.outcome, minlength=len(OUTCOMES)).tolist()
    pictures, coded = rows.has_picture, rows.is_coded
    latencies = np.sort(rows.latencies_ms)
    news = rows.is_news
    age = age_of_pictures(rows.decode_ns[news], rows.capture_ns[news], round(virtual_s * SECOND_NS))
    gains_db = (rows.psnr_db - rows.alone_psnr_db)[pictures & rows.has_side]
    return StreamFigures(
        codec=rows.codec,
        frames=len(rows.outcome),
        decoded=int(rows.is_in_time.sum()),
        late=counts[PLACES[Outcome.LATE]],
        lost=counts[PLACES[Outcome.LOST]],
        corrupt=counts[PLACES[Outcome.CORRUPT]],
        reference_lost=counts[PLACES[Outcome.REFERENCE]],
        node_lost=counts[PLACES[Outcome.NODE_LOST]],
        key_frames=int(rows.key[coded].sum()),
        kbit_s=rounded(8 * int(rows.link_bytes.sum()) / virtual_s / 1e3) if virtual_s > 0 else None,
        bpp=mean(rows.bpp[coded].tolist()),
        psnr_db=mean(_present(rows.psnr_db[pictures])),
        ms_ssim=mean(_present(rows.ms_ssim[pictures])),
        side_used=mean(rows.has_side[pictures].astype(float).tolist()),
        side_gain_db=mean(_present(gains_db)),
        latency_ms_p50=percentile_of_sorted(latencies, 50),
        latency_ms_p95=percentile_of_sorted(latencies, 95),
        latency_ms_p99=percentile_of_sorted(latencies, 99),
        age_ms_mean=rounded(age.mean_ms),
        age_ms_p95=rounded(age.percentile_ms(95)),
        queue_ms_mean=mean((rows.queue_ns[coded] / 1e6).tolist()),
        packets_sent=int(rows.packets_sent.sum()),
        packets_lost=int(rows.packets_lost.sum()),
        retransmissions=int(rows.retransmissions.sum()),
        concealed=int((rows.concealed > 0).sum()),
        tasks=_tasks(rows),
    )


def _tasks(rows: RowColumns) -> dict[str, float]:
    """Return the mean of each task's figures over the frames that have it."""
    means = {name: mean(_present(values)) for name, values in sorted(rows.tasks.items())}
    return {name: value for name, value in means.items() if value is not None}


def side_gain_db(row: Row) -> float | None:
    """Return what side information brought to this frame in dB; None where none was used or nothing was measured."""
    if not row.side_sources or row.psnr_db is None or row.alone_psnr_db is None:
        return None
    return row.psnr_db - row.alone_psnr_db


def latency_ms(row: Row) -> float | None:
    """Return the time from capture to picture in milliseconds; None where there is no picture."""
    if row.decode_ns is None or not row.outcome.has_picture:
        return None
    return (row.decode_ns - row.capture_ns) / 1e6


def present(measure: Callable[[Row], float | None], rows: Iterable[Row]) -> list[float]:
    """Return the measure of every row that has it."""
    return [value for row in rows if (value := measure(row)) is not None]


def mean(values: Sequence[float]) -> float | None:
    """Return the mean; None without values."""
    return rounded(fsum(values) / len(values)) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the percentile by linear interpolation between closest ranks (Hyndman and Fan type 7, as numpy does)."""
    return percentile_of_sorted(sorted(values), percent)


def percentile_of_sorted(ordered: Sequence[float] | NDArray[np.float64], percent: float) -> float | None:
    """Return the percentile of values in ascending order."""
    if not len(ordered):
        return None
    rank = (len(ordered) - 1) * percent / 100
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    low, high = float(ordered[below]), float(ordered[above])
    return rounded(low + (high - low) * (rank - below))


def _present(values: NDArray[np.float64]) -> list[float]:
    return values[~np.isnan(values)].tolist()


def rounded(value: float | None) -> float | None:
    """Return a figure as it is written down."""
    return None if value is None else round(value, DIGITS)
