"""Gain of side information against its age and over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simnet.records import SECOND_NS, Row
from simnet.report import time_bins
from simnet.report.figures.figure import PALETTE, SYMBOLS, Dict, Figure, axis, colours, label, layout
from simnet.report.formatting import number, signed
from simnet.report.gain import measure, source_of
from simnet.row_statistics import side_gain_db
from simnet.runfolder.run_reader import RunFolder

_MOST_MARKS = 3000


def gain(run: RunFolder) -> list[Figure]:
    """Return figures of the gain against the age of side information and over time; empty if no frame used side information."""
    rows = [row for row in run.rows if side_gain_db(row) is not None]
    if not rows:
        return []
    overall = measure("", "", rows)
    drawn = time_bins.thin(rows, _MOST_MARKS)
    said = f"{len(rows)} frames" if len(drawn) == len(rows) else f"{len(drawn)} of {len(rows)} frames drawn"
    alt = f"mean {signed(overall.mean_db)} dB, plus or minus {number(overall.half_width_db, 2)} dB, over {len(rows)} frames."
    return [
        Figure(
            id="gain-age",
            title="Gain against the age of the side information",
            alt=f"Scatter of the PSNR gain of each frame against the age of the side information, a symbol a source: {alt}",
            data=_marks(drawn, run, _age_ms),
            layout=_layout("age of the side information (ms)"),
            note=f"{said}; each is the same bitstream decoded twice. Above zero: side information helped.",
        ),
        Figure(
            id="gain-time",
            title="Gain over time",
            alt=f"Scatter of the PSNR gain of each frame over time, a symbol a source: {alt}",
            data=_marks(drawn, run, lambda row: row.capture_ns / SECOND_NS),
            layout=_layout("time (s)", range=[0, run.virtual_s]),
            note=f"{said}.",
        ),
    ]


def _layout(title: str, **more: object) -> Dict:
    return layout(380, xaxis=axis(title, **more), yaxis=axis("gain in PSNR (dB)", zeroline=True))


def _age_ms(row: Row) -> float | None:
    return None if row.side_age_ns is None else row.side_age_ns / 1e6


def _marks(rows: Sequence[Row], run: RunFolder, where: Callable[[Row], float | None]) -> list[Dict]:
    sources = sorted({source_of(row) for row in rows})
    known = colours(run.streams)
    others = [source for source in sources if source not in known]
    # A stream keeps its colour as a source; sensors and earlier pictures use the remaining colours of the palette.
    colour = known | {source: PALETTE[(len(known) + index) % len(PALETTE)] for index, source in enumerate(others)}
    data: list[Dict] = []
    for index, source in enumerate(sources):
        own = [row for row in rows if source_of(row) == source]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label(source),
                "cliponaxis": False,
                "x": [where(row) for row in own],
                "y": [round(side_gain_db(row) or 0.0, 4) for row in own],
                "customdata": [f"{label(row.stream)} frame {row.sequence}" for row in own],
                "hovertemplate": "%{customdata}: %{y:+.2f} dB, %{x:.4~g}",
                "marker": {
                    "color": colour[source],
                    "symbol": SYMBOLS[index % len(SYMBOLS)],
                    "size": 7,
                    "opacity": 0.75,
                },
            }
        )
    return data
