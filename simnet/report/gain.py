"""Gain and cost of side information: the same bitstream is decoded with and without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simnet.records import Row, Scenario
from simnet.report.mean_interval import batch_half_width
from simnet.row_statistics import StreamFigures, side_gain_db


@dataclass(frozen=True, slots=True)
class Gain:
    """Gain of one stream from one source (several sources used together are one)."""

    stream: str
    source: str
    frames: int
    mean_db: float
    half_width_db: float | None
    """Half-width of the 95 % confidence interval; None with too few frames."""
    helped: int
    """Number of frames whose PSNR is higher with side information than without."""
    mean_age_ms: float | None


def source_of(row: Row) -> str:
    """Return one name for all sources of a frame's side information."""
    return " + ".join("previous" if source == row.stream else source for source in row.side_sources)


def gains(rows: Sequence[Row]) -> list[Gain]:
    """Return the gain of each pair of stream and source; `rows` are in order of capture."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if side_gain_db(row) is not None:
            groups.setdefault((row.stream, source_of(row)), []).append(row)
    return [measure(stream, source, group) for (stream, source), group in sorted(groups.items())]


def measure(stream: str, source: str, rows: Sequence[Row]) -> Gain:
    """Return the gain over `rows`; each row must have one."""
    values = [value for row in rows if (value := side_gain_db(row)) is not None]
    ages = [row.side_age_ns / 1e6 for row in rows if row.side_age_ns is not None]
    return Gain(
        stream=stream,
        source=source,
        frames=len(values),
        mean_db=sum(values) / len(values),
        half_width_db=batch_half_width(values),
        helped=sum(value > 0 for value in values),
        mean_age_ms=sum(ages) / len(ages) if ages else None,
    )


def cost(source: str, scenario: Scenario, summaries: Mapping[str, StreamFigures]) -> tuple[str, float | None]:
    """Return the kind of `source`, and its rate on its first link in kbit/s (0 for a source that is not sent)."""
    if source == "previous":
        return "own earlier picture", 0.0
    if any(stream.name == source for stream in scenario.streams):
        return "stream", summaries[source].kbit_s if source in summaries else None
    return f"sensor at {scenario.fusion.node}", 0.0
