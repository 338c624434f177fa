"""Figures of the gain of side information against its time offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simnet.report.figures.figure import SYMBOLS, Dict, Figure, axis, colours, label, layout

Offsets = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by codec, one for each offset: `offset` (frames), `pictures`, `gain_db`, `kept`, `bd_rate`."""

_MEASURES = (
    ("gain", "Gain against time offset", "gain in PSNR (dB)", "dB"),
    ("rate", "Rate saved against time offset", "change of rate (%)", "%"),
)


def gains(offsets: Offsets, codecs: Iterable[str]) -> list[Figure]:
    """Return figures of the gain in dB and the rate change at equal PSNR, against the offset in frames; one curve for each codec.

    `codecs` are all codecs of the page, so that each keeps its colour.
    """
    figures, colour = [], colours(codecs)
    for kind, title, name, unit in _MEASURES:
        said = "; ".join(_said(codec, rows, kind, unit) for codec, rows in offsets.items() if rows)
        figures.append(
            Figure(
                id=f"offset-{kind}",
                title=title,
                alt=f"{title}: {said}.",
                data=[_curve(i, codec, rows, kind, unit, colour) for i, (codec, rows) in enumerate(offsets.items())],
                layout=layout(340, xaxis=axis("offset (frames)", dtick=1), yaxis=axis(name, rangemode="tozero")),
                note="The same bitstreams decoded with a side picture of so many frames later, against none.",
            )
        )
    return figures


def _value(row: Mapping[str, Any], kind: str) -> float | None:
    return row["gain_db"] if kind == "gain" else row["bd_rate"]["psnr"]


def _curve(
    index: int, codec: str, rows: Sequence[Mapping[str, Any]], kind: str, unit: str, colour: Mapping[str, str]
) -> Dict:
    ordered = sorted(rows, key=lambda row: row["offset"])
    return {
        "type": "scatter",
        "name": label(codec),
        "mode": "lines+markers",
        "x": [row["offset"] for row in ordered],
        "y": [_value(row, kind) for row in ordered],
        "customdata": [row["pictures"] for row in ordered],
        "line": {"color": colour[codec], "width": 2.2},
        "marker": {"size": 8, "symbol": SYMBOLS[index % len(SYMBOLS)]},
        "hovertemplate": f"%{{y:+.2f}} {unit} at %{{x}} frames, %{{customdata}} pictures",
    }


def _said(codec: str, rows: Sequence[Mapping[str, Any]], kind: str, unit: str) -> str:
    values = ((row["offset"], _value(row, kind)) for row in sorted(rows, key=lambda row: row["offset"]))
    words = [f"{value:+.2f} {unit} at {offset}" for offset, value in values if value is not None]
    return f"{codec}: {', '.join(words) or 'none'}"
