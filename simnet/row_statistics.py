"""Figures of rows: what a run's summary, a sweep's table, a page and an export say of a stream.

    rows of one stream ──▶ StreamFigures ──▶ run.json, --json, table.csv, pages

Every figure is defined here, once. Means and percentiles are over the frames that have the value. A late picture is a picture:
its quality and latency count, and its lateness is counted apart. Figures are rounded to `DIGITS` and do not depend on the order
of the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import fsum

from simnet.age_of_information import age_of
from simnet.records import SECOND_NS, Outcome, Row

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
    counts = Counter([row.outcome for row in rows])
    pictures = [row for row in rows if row.outcome.has_picture]
    coded = [row for row in rows if row.outcome is not Outcome.NODE_LOST]
    latencies = present(latency_ms, pictures)
    age = age_of(rows, round(virtual_s * SECOND_NS))
    return StreamFigures(
        codec=rows[0].codec,
        frames=len(rows),
        decoded=sum(count for outcome, count in counts.items() if outcome.in_time),
        late=counts[Outcome.LATE],
        lost=counts[Outcome.LOST],
        corrupt=counts[Outcome.CORRUPT],
        reference_lost=counts[Outcome.REFERENCE],
        node_lost=counts[Outcome.NODE_LOST],
        key_frames=sum(row.key for row in coded),
        kbit_s=rounded(8 * sum(row.link_bytes for row in rows) / virtual_s / 1e3) if virtual_s > 0 else None,
        bpp=mean([row.bpp for row in coded]),
        psnr_db=mean(present(lambda row: row.psnr_db, pictures)),
        ms_ssim=mean(present(lambda row: row.ms_ssim, pictures)),
        side_used=mean([float(bool(row.side_sources)) for row in pictures]),
        side_gain_db=mean(present(side_gain_db, pictures)),
        latency_ms_p50=percentile(latencies, 50),
        latency_ms_p95=percentile(latencies, 95),
        latency_ms_p99=percentile(latencies, 99),
        age_ms_mean=rounded(age.mean_ms),
        age_ms_p95=rounded(age.percentile_ms(95)),
        queue_ms_mean=mean([row.queue_ns / 1e6 for row in coded]),
        packets_sent=sum(row.packets_sent for row in rows),
        packets_lost=sum(row.packets_lost for row in rows),
        retransmissions=sum(row.retransmissions for row in rows),
        tasks=_tasks(rows),
    )


def _tasks(rows: Sequence[Row]) -> dict[str, float]:
    """Return the mean of each task's figures over the frames that have it."""
    values: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.tasks.items():
            values.setdefault(name, []).append(value)
    return {name: round(fsum(own) / len(own), DIGITS) for name, own in sorted(values.items())}


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
    if not values:
        return None
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return rounded(ordered[below] + (ordered[above] - ordered[below]) * (rank - below))


def rounded(value: float | None) -> float | None:
    """Return a figure as it is written down."""
    return None if value is None else round(value, DIGITS)
