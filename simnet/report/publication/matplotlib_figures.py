"""Figures of the pages drawn by matplotlib, as wide as a column of a paper.

A `Figure` is Plotly's data and layout as plain dicts. What the pages' figures use of it is drawn here: lines, markers, areas,
bars, boxes, error bars, panels above each other, logarithmic and category axes, limits with a label.
"""

from __future__ import annotations

import html
import io
import math
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simnet.errors import InputError
from simnet.report.figures.figure import NEUTRAL, Dict, Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

COLUMN_MM = 89.0
"""Width of one column of a two-column paper."""
_STYLE = {
    "font.size": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.linewidth": 0.3,
    "grid.color": "#d5d8dc",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Type 3 fonts, the default, are refused by many conferences.
    "pdf.fonttype": 42,
    "svg.hashsalt": "simnet",
}
_MARKERS = {
    "circle": "o", "diamond": "D", "square": "s", "triangle-up": "^", "cross": "P", "x": "X", "star": "*", "hexagon": "h",
    "triangle-down": "v", "star-triangle-up": "^", "circle-x": "o", "line-ns": "|", "arrow": ">",
}  # fmt: skip
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
_POINTS = 0.55
"""Points of a line or marker for each pixel of the page's."""
_DRAWING = threading.Lock()
"""matplotlib's settings are global: one thread draws at a time."""


def draw(figure: Figure, width_mm: float = COLUMN_MM) -> Drawing:
    """Return a matplotlib figure.

    Raises:
        InputError: matplotlib is not installed.
    """
    matplotlib = _matplotlib()
    from matplotlib.figure import Figure as Drawing

    with _DRAWING, matplotlib.rc_context(_STYLE):
        panels = _panels(figure.layout)
        legend = _legend_rows(figure, width_mm)
        drawing = Drawing(figsize=(width_mm / 25.4, _height(figure, len(panels), legend[0])), layout="constrained")
        grid = drawing.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=[h for _, h in panels])
        axes: list[Axes] = list(grid[:, 0])
        for panel, (key, _) in zip(axes, panels, strict=True):
            _Panel(panel, figure, key, is_last=panel is axes[-1]).draw()
        if legend[0]:
            _legend(drawing, axes, legend[1])
    # A notebook shows what has this method; matplotlib's own figures have it only while pyplot is in use.
    drawing._repr_png_ = lambda: _file(drawing, "png", {})  # pyright: ignore[reportAttributeAccessIssue]
    return drawing


def save(figure: Figure, kind: str, width_mm: float = COLUMN_MM) -> bytes:
    """Return a figure as a file of a kind (svg, pdf, png): the same figure gives the same bytes."""
    drawing = draw(figure, width_mm)
    about: dict[str, str | None] = {"Title": figure.title}
    if kind == "svg":
        about |= {"Date": None, "Description": figure.alt}
    elif kind == "pdf":
        about |= {"CreationDate": None, "ModDate": None, "Subject": figure.alt}
    return _file(drawing, kind, about)


def _file(drawing: Drawing, kind: str, about: Mapping[str, str | None]) -> bytes:
    out = io.BytesIO()
    with _DRAWING, _matplotlib().rc_context(_STYLE):
        drawing.savefig(out, format=kind, dpi=300, metadata=about)
    return out.getvalue()


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise InputError("figures need matplotlib, which is not installed; expected pip install matplotlib") from error
    return matplotlib


def _panels(layout: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the y axes from top to bottom, each with its share of the height."""
    keys = [key for key in layout if key.startswith("yaxis")]
    domains = {key: layout[key].get("domain", (0.0, 1.0)) for key in keys}
    return [(key, max(0.05, domains[key][1] - domains[key][0])) for key in sorted(keys, key=lambda k: -domains[k][1])]


def _height(figure: Figure, panels: int, rows: int) -> float:
    """Return the height in inches."""
    names = max((len(figure.layout[key].get("categoryarray", ())) for key, _ in _panels(figure.layout)), default=0)
    own = 1.15 * panels + 0.4 if panels > 1 else max(2.3, 0.16 * names + 0.6)
    return min(own, 11.0) + 0.16 * rows


def _text(words: str) -> str:
    """Return text without Plotly's HTML, for matplotlib, which reads formulas between dollars."""
    return html.unescape(words.replace("<br>", "\n")).replace("$", r"\$")


def _named(figure: Figure) -> list[str]:
    names = [trace["name"] for trace in figure.data if trace.get("name") and trace.get("showlegend", True)]
    return list(dict.fromkeys(map(_text, names)))


def _legend_rows(figure: Figure, width_mm: float) -> tuple[int, int]:
    """Return the legend's rows and columns; no rows if nothing needs to be told apart."""
    names = _named(figure)
    if len(names) < 2 and not _has_bars(figure):
        return 0, 1
    columns = max(1, int(width_mm / (1.25 * max(map(len, names), default=1) + 9)))
    return math.ceil(len(names) / columns), min(columns, len(names))


def _legend(drawing: Drawing, axes: Sequence[Axes], columns: int) -> None:
    handles: dict[str, Any] = {}
    for panel in axes:
        for handle, name in zip(*panel.get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    if handles:
        drawing.legend(
            list(handles.values()), list(handles), loc="outside lower center", ncols=columns, frameon=False,
            handlelength=2.4, columnspacing=1.2,
        )  # fmt: skip


def _has_bars(figure: Figure) -> bool:
    """Return whether a single name needs a legend: what a bar stands for is written nowhere else."""
    return any(trace["type"] == "bar" and trace.get("showlegend", True) for trace in figure.data)


class _Panel:
    """One y axis with its traces."""

    def __init__(self, axes: Axes, figure: Figure, key: str, *, is_last: bool) -> None:
        self._axes, self._layout, self._is_last = axes, figure.layout, is_last
        self._x, self._y = figure.layout.get("xaxis", {}), figure.layout[key]
        short = key.replace("yaxis", "y")
        self._data = [trace for trace in figure.data if trace.get("yaxis", "y") == short]
        self._places = {"x": self._categories("x", self._x), "y": self._categories("y", self._y)}
        self._stacked: dict[float, float] = {}

    def draw(self) -> None:
        """Draw the traces, then set up the axes."""
        boxes = [trace for trace in self._data if trace["type"] == "box"]
        for trace in self._data:
            if trace["type"] == "bar":
                self._bars(trace)
            elif trace["type"] == "scatter":
                self._scatter(trace)
        self._boxes(boxes)
        self._limits()
        self._axis("y", self._y)
        self._axis("x", self._x)
        if not self._is_last:
            self._axes.set_xlabel("")

    def _categories(self, side: str, axis: Mapping[str, Any]) -> dict[str, int]:
        if axis.get("type") != "category":
            return {}
        names = [*axis.get("categoryarray", ()), *(v for t in self._data for v in t.get(side, ()) if v is not None)]
        return {name: index for index, name in enumerate(dict.fromkeys(names))}

    def _values(self, trace: Dict, side: str) -> list[float]:
        places = self._places[side]
        values = [places.get(value, value) if isinstance(value, str) else value for value in trace.get(side, ())]
        return [math.nan if value is None or isinstance(value, str) else float(value) for value in values]

    def _scatter(self, trace: Dict) -> None:
        x, y = self._values(trace, "x"), self._values(trace, "y")
        line, marker = trace.get("line", {}), trace.get("marker", {})
        colour = line.get("color") or marker.get("color") or NEUTRAL
        name = _text(trace["name"]) if trace.get("name") and trace.get("showlegend", True) else None
        steps = "steps-post" if line.get("shape") == "hv" else "default"
        mode, opacity = trace.get("mode", "lines"), trace.get("opacity", 1.0)
        if trace.get("fill") == "toself":
            faint = 0.16 if line.get("width") == 0 else 0.3 * opacity
            self._axes.fill(
                x, y, color=colour if line.get("color") else _opaque(trace.get("fillcolor")), alpha=faint, lw=0
            )
        elif trace.get("fill") == "tozeroy":
            self._axes.fill_between(
                x, y, 0, color=colour, alpha=0.25, lw=0, step="post" if steps != "default" else None
            )
        if "lines" in mode and line.get("width", 1):
            dash, width = _DASHES.get(line.get("dash", "solid"), "-"), _POINTS * line.get("width", 2)
            self._axes.plot(x, y, dash, color=colour, lw=width, drawstyle=steps, alpha=opacity,
                            label=None if "markers" in mode else name)  # fmt: skip
        if "markers" in mode:
            dash = _DASHES.get(line.get("dash", "solid"), "-") if "lines" in mode else "none"
            self._marks(x, y, marker, colour, name, dash)
        if halves := trace.get("error_y", {}).get("array"):
            half = [math.nan if value is None else value for value in halves]
            self._axes.errorbar(x, y, half, fmt="none", ecolor=colour, elinewidth=0.6, capsize=1.5)

    def _marks(self, x: list[float], y: list[float], marker: Dict, colour: str, name: str | None, dash: str) -> None:
        symbols, sizes = marker.get("symbol", "circle"), marker.get("size", 6)
        of_points: dict[tuple[str, float], list[int]] = {}
        for index in range(len(x)):
            symbol = symbols[index] if isinstance(symbols, list) else symbols
            of_points.setdefault((symbol, sizes[index] if isinstance(sizes, list) else sizes), []).append(index)
        for (symbol, size), own in of_points.items():
            if not size:
                continue
            face = "none" if symbol.endswith("-open") else colour
            shape = _MARKERS.get(symbol.removesuffix("-open"), "o")
            self._axes.plot([x[i] for i in own], [y[i] for i in own], shape, color=colour, mfc=face, mew=0.7,
                            ms=_POINTS * size, alpha=marker.get("opacity", 1.0))  # fmt: skip
        # One handle of the legend shows line and marker together, whatever the points' symbols are.
        first = next(iter(of_points), ("circle", 6.0))[0].removesuffix("-open")
        self._axes.plot([], [], marker=_MARKERS.get(first, "o"), ls=dash, color=colour, ms=4, lw=1, label=name)

    def _bars(self, trace: Dict) -> None:
        flat = trace.get("orientation") == "h"
        places = self._values(trace, "y" if flat else "x")
        sizes = [0.0 if math.isnan(value) else value for value in self._values(trace, "x" if flat else "y")]
        bottoms = [self._stacked.get(place, 0.0) for place in places]
        gaps = sorted(b - a for a, b in zip(sorted(set(places)), sorted(set(places))[1:], strict=False))
        thick = (0.75 if flat else 1.0) * (gaps[0] if gaps else 1.0)
        style = {"color": trace.get("marker", {}).get("color", NEUTRAL), "label": _text(trace["name"]), "lw": 0}
        if flat:
            self._axes.barh(places, sizes, thick, left=bottoms, **style)
        else:
            self._axes.bar(places, sizes, thick, bottom=bottoms, **style)
        if self._layout.get("barmode") == "stack":
            self._stacked |= {p: b + s for p, b, s in zip(places, bottoms, sizes, strict=True)}

    def _boxes(self, boxes: Sequence[Dict]) -> None:
        for number, trace in enumerate(boxes):
            width = 0.8 / len(boxes)
            parts = ("lowerfence", "q1", "median", "q3", "upperfence")
            names = ("whislo", "q1", "med", "q3", "whishi")
            quantiles = zip(*(trace[part] for part in parts), strict=True)
            found: list[dict[str, Any]] = [dict(zip(names, each, strict=True)) for each in quantiles]
            colour = trace["marker"]["color"]
            line = {"color": colour, "lw": 0.9}
            at = [place + (number - (len(boxes) - 1) / 2) * width for place in self._values(trace, "x")]
            self._axes.bxp(found, positions=at, widths=0.8 * width, showfliers=False, manage_ticks=False,
                           boxprops=line, whiskerprops=line, capprops=line, medianprops=line | {"lw": 1.6})  # fmt: skip
            self._axes.plot([], [], "-", color=colour, label=_text(trace["name"]))

    def _limits(self) -> None:
        for shape in self._layout.get("shapes", ()):
            line = shape["line"]
            self._axes.axvline(shape["x0"], color=line["color"], lw=0.8, ls=_DASHES.get(line.get("dash"), "-"))
        for note in self._layout.get("annotations", ()):
            beside = {"xytext": (-2 if note.get("xanchor") == "right" else 2, 0), "textcoords": "offset points"}
            self._axes.annotate(
                _text(note["text"]), (note["x"], note["y"]), xycoords=("data", "axes fraction"), **beside,
                ha=note.get("xanchor", "center"), va="bottom", color=note["font"]["color"], fontsize=6.5,
            )  # fmt: skip

    def _axis(self, side: str, axis: Mapping[str, Any]) -> None:
        get = getattr(self._axes, f"{side}axis")
        if title := axis.get("title"):
            get.set_label_text(_text(title["text"]))
        if axis.get("type") == "log":
            self._axes.set(**{f"{side}scale": "log"})
        if places := self._places[side]:
            get.set_ticks(list(places.values()), [_text(name) for name in places])
            get.set_tick_params(length=0)
        elif ticks := axis.get("tickvals"):
            self._ticks(side, ticks, axis.get("ticktext"))
        elif side == "y" and axis.get("type") != "log":
            # As many ticks as fit now. If the layout, which makes room for their labels, changed their number, it would cut them.
            get.set_major_locator(_nice(min(9, max(2, get.get_tick_space()))))
        if axis.get("zeroline") and side == "y":
            self._axes.axhline(0, color="#555555", lw=0.6)
        if found := axis.get("range"):
            logarithmic = axis.get("type") == "log"
            self._axes.set(**{f"{side}lim": [10**end for end in found] if logarithmic else list(found)})
        elif axis.get("rangemode") == "tozero":
            low, high = get.get_view_interval()
            self._axes.set(**{f"{side}lim": (min(low, 0), max(high, 0))})
        if axis.get("scaleanchor"):
            self._axes.set_aspect("equal", adjustable="datalim")

    def _ticks(self, side: str, ticks: Sequence[float], texts: Sequence[str] | None) -> None:
        """Set the ticks that lie within the data, with their texts."""
        get = getattr(self._axes, f"{side}axis")
        low, high = get.get_view_interval()
        shown = [i for i, tick in enumerate(ticks) if low <= tick <= high]
        if len(shown) > 1:
            get.set_ticks([ticks[i] for i in shown], [texts[i] if texts else f"{ticks[i]:g}" for i in shown])
            get.set_minor_locator(_nothing())


def _nice(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])


def _nothing() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()


def _opaque(colour: str | None) -> str:
    """Return `rgba(r,g,b,a)` as `#rrggbb`."""
    if colour is None or not colour.startswith("rgba("):
        return NEUTRAL
    return "#" + "".join(f"{int(part):02x}" for part in colour[5:-1].split(",")[:3])
