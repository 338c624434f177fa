"""Rows to the numbers of a run: what the JSON summary and the report's table of streams both say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypedDict

from simnet.records import Outcome, Row

_SHOWN = (Outcome.DECODED, Outcome.ALONE, Outcome.LATE)
"""A late picture is still a picture: its quality counts, its being late is counted apart."""


class StreamSummary(TypedDict):
    """One stream of a run. None where no frame gives the number."""

    codec: str
    frames: int
    decoded: int
    """Pictures shown in time, with or without side information."""
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
    side_gain_db: float | None
    """Mean of (PSNR - PSNR of the same bitstream decoded alone) over the frames that used side information."""
    latency_ms_p50: float | None
    """Capture to picture, over decoded and late pictures."""
    latency_ms_p95: float | None


def summarise(rows: Sequence[Row], virtual_s: float) -> dict[str, StreamSummary]:
    """Return each stream's summary, in the order in which the streams first appear in `rows`.

    `virtual_s` is the run's virtual time in seconds; without any (0) there is no rate.
    """
    streams: dict[str, list[Row]] = {}
    for row in rows:
        streams.setdefault(row.stream, []).append(row)
    return {name: _summarise_stream(own, virtual_s) for name, own in streams.items()}


def side_gain_db(row: Row) -> float | None:
    """Return what side information brought to this frame in dB; None where none was used or nothing was measured."""
    if not row.side_sources or row.psnr_db is None or row.alone_psnr_db is None:
        return None
    return row.psnr_db - row.alone_psnr_db


def latency_ms(row: Row) -> float | None:
    """Return the time from capture to picture in milliseconds; None where there is no picture."""
    if row.decode_ns is None or row.outcome not in _SHOWN:
        return None
    return (row.decode_ns - row.capture_ns) / 1e6


def _summarise_stream(rows: Sequence[Row], virtual_s: float) -> StreamSummary:
    counts = Counter([row.outcome for row in rows])
    shown = [row for row in rows if row.outcome in _SHOWN]
    coded = [row for row in rows if row.outcome is not Outcome.NODE_LOST]
    latencies = _present(latency_ms, shown)
    bits = 8 * sum(row.link_bytes for row in rows)
    return StreamSummary(
        codec=rows[0].codec,
        frames=len(rows),
        decoded=counts[Outcome.DECODED] + counts[Outcome.ALONE],
        late=counts[Outcome.LATE],
        lost=counts[Outcome.LOST],
        corrupt=counts[Outcome.CORRUPT],
        reference_lost=counts[Outcome.REFERENCE],
        node_lost=counts[Outcome.NODE_LOST],
        key_frames=sum(row.key for row in coded),
        kbit_s=round(bits / virtual_s / 1e3, 3) if virtual_s > 0 else None,
        bpp=_mean(_present(lambda row: row.bpp, coded), 5),
        psnr_db=_mean(_present(lambda row: row.psnr_db, shown), 3),
        ms_ssim=_mean(_present(lambda row: row.ms_ssim, shown), 5),
        side_gain_db=_mean(_present(side_gain_db, shown), 3),
        latency_ms_p50=percentile(latencies, 50),
        latency_ms_p95=percentile(latencies, 95),
    )


def _present(measure: Callable[[Row], float | None], rows: Iterable[Row]) -> list[float]:
    return [value for row in rows if (value := measure(row)) is not None]


def _mean(values: Sequence[float], digits: int) -> float | None:
    return round(sum(values) / len(values), digits) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the percentile by linear interpolation between closest ranks (Hyndman and Fan type 7, as numpy does)."""
    if not values:
        return None
    ordered = sorted(values)
    rank = (len(ordered) - 1) * percent / 100
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return round(ordered[below] + (ordered[above] - ordered[below]) * (rank - below), 3)
