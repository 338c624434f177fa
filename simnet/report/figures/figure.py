"""Shared parts of figures: the Figure record, palettes, escaped names, axes and layouts."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simnet.records import Outcome

PALETTE = ("#3b7dd8", "#d9641a", "#1f9d6b", "#c2489b", "#8f7a12", "#7c62e0", "#0f95ab", "#dc4455")
"""Palette whose contrast is at least 3:1 on the page's light and dark backgrounds (WCAG 2.2, 1.4.11)."""
NEUTRAL = "#7d8590"
LIMIT = "#dc4455"
"""Colour of lines that mark a limit (deadline, capacity)."""
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "hexagon")
DASHES = ("solid", "dash", "dot", "dashdot")
OUTCOME_COLOURS = {
    Outcome.DECODED: "#1f9d6b",
    Outcome.ALONE: "#3b7dd8",
    Outcome.CONCEALED: "#5a6acf",
    Outcome.LATE: "#b5830b",
    Outcome.LOST: "#dc4455",
    Outcome.CORRUPT: "#8a5cd6",
    Outcome.REFERENCE: "#c2489b",
    Outcome.NODE_LOST: "#6b7280",
}

Dict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One Plotly figure. `alt` describes it in words, for readers who cannot see it."""

    id: str
    title: str
    alt: str
    data: Sequence[Dict]
    layout: Mapping[str, Any]
    note: str = ""


def label(name: str) -> str:
    """Return a name escaped for Plotly, which parses text as HTML."""
    return html.escape(name, quote=False)


def colours(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each name, consistent over the page."""
    return {name: PALETTE[index % len(PALETTE)] for index, name in enumerate(names)}


def dashes(names: Iterable[str]) -> dict[str, str]:
    """Return a dash style for each name; the style changes when the palette repeats."""
    return {name: DASHES[index // len(PALETTE) % len(DASHES)] for index, name in enumerate(names)}


def axis(title: str, **more: Any) -> Dict:
    """Return an axis whose title reserves its own space."""
    return {"title": {"text": title, "standoff": 8}, "automargin": True, "zeroline": False, **more}


def layout(height: int, **more: Any) -> Dict:
    """Return a layout of `height` pixels with the legend above the plot."""
    return {
        "height": height,
        "margin": {"l": 56, "r": 14, "t": 12, "b": 44},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "hovermode": "closest",
        **more,
    }


def deadline_line(at: float, text: str) -> tuple[Dict, Dict]:
    """Return a dashed vertical limit at x and its label, as a shape and an annotation of a layout."""
    line = {"color": LIMIT, "width": 1.5, "dash": "dash"}
    shape = {"type": "line", "line": line, "x0": at, "x1": at, "y0": 0, "y1": 1, "xref": "x", "yref": "y domain"}
    note = {"text": text, "x": at, "y": 0.02, "xref": "x", "yref": "y domain", "xanchor": "right", "yanchor": "bottom"}
    return shape, note | {"showarrow": False, "font": {"size": 11, "color": LIMIT}}
