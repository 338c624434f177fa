"""Figures of picture latency, age of information, and frame outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from simnet.records import Outcome
from simnet.report.figures.figure import (
    OUTCOME_COLOURS,
    Dict,
    Figure,
    axis,
    colours,
    dashes,
    deadline_line,
    label,
    layout,
)
from simnet.report.sweeps.histogram import RESOLUTION_MS
from simnet.report.sweeps.samples import TimeHistograms
from simnet.report.sweeps.sweep_formatting import place
from simnet.report.sweeps.views import CurvePoint, PageView

TROUBLES = {
    "late": Outcome.LATE,
    "lost": Outcome.LOST,
    "corrupt": Outcome.CORRUPT,
    "reference_lost": Outcome.REFERENCE,
    "node_lost": Outcome.NODE_LOST,
}
Found = Mapping[tuple[str, str], TimeHistograms]
"""Time histograms by curve and setting."""


def latency(view: PageView, found: Found, setting: str) -> Figure:
    """Return each curve's cumulative share of frames over picture latency, at one setting."""
    colour, dash = colours(view.curves), dashes(view.curves)
    data: list[Dict] = []
    for curve in view.curves:
        times = found.get((curve, setting))
        if times is None:
            continue
        x, y = times.latency.steps(times.frames)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": label(curve),
                "x": x,
                "y": y,
                "line": {"color": colour[curve], "dash": dash[curve], "width": 2.2},
                "meta": {"columns": ["milliseconds since capture", "frames with a picture (%)"]},
                "hovertemplate": "%{y:.1f} % within %{x:.0f} ms",
            }
        )
    ends = sorted(trace["x"][-1] for trace in data if trace["x"])
    limit = view.deadline_ms
    # One very late picture would squeeze all curves to the left edge.
    longest = min(max([*ends, limit or 0.0, 1.0]), max(3 * (limit or 0.0), 1000.0))
    shapes, notes = _deadline(limit, longest)
    in_time = "; ".join(
        f"{curve} {100 * share.value:.1f} %"
        for curve, spots in view.curves.items()
        for spot in spots
        if spot.setting == setting and (share := spot.share("in_time"))
    )
    return Figure(
        id="latency",
        title="Latency from capture to picture",
        alt=f"Cumulative share of frames over latency, a curve each. In time: {in_time or 'no cell has been run'}.",
        data=data,
        layout=layout(
            380,
            xaxis=axis("milliseconds since capture", range=[0, round(1.04 * longest, 1)]),
            yaxis=axis("frames with a picture (%)", range=[0, 102]),
            shapes=shapes,
            annotations=notes,
        ),
        note="Of all frames, seeds together: a curve that ends below 100 % is short of the frames that never became a picture. "
        f"Exact to {RESOLUTION_MS} ms.",
    )


def _deadline(limit: float | None, longest: float) -> tuple[list[Dict], list[Dict]]:
    """Return the line of a deadline, and its label on the side that has room."""
    if limit is None:
        return [], []
    shape, note = deadline_line(limit, f"deadline {limit:g} ms")
    return [shape], [note | {"xanchor": "left" if limit < longest / 2 else "right"}]


def age(view: PageView, found: Found) -> Figure:
    """Return box plots of the age of information over time: one box for each curve and setting."""
    colour = colours(view.curves)
    data: list[Dict] = []
    for curve, spots in view.curves.items():
        own = [(spot, times) for spot in spots if (times := found.get((curve, spot.setting))) and times.age.total]
        quantiles = [[times.age.quantile(share) for share in (0.05, 0.25, 0.5, 0.75, 0.95)] for _, times in own]
        data.append(
            {
                "type": "box",
                "name": label(curve),
                "x": [label(_where(view, spot)) for spot, _ in own],
                "lowerfence": [each[0] for each in quantiles],
                "q1": [each[1] for each in quantiles],
                "median": [each[2] for each in quantiles],
                "q3": [each[3] for each in quantiles],
                "upperfence": [each[4] for each in quantiles],
                "y": [None] * len(own),
                "customdata": quantiles,
                "meta": {
                    "columns": [view.axis.title, "", "5 % (ms)", "25 % (ms)", "50 % (ms)", "75 % (ms)", "95 % (ms)"]
                },
                "marker": {"color": colour[curve]},
                "line": {"width": 1.4},
            }
        )
    for trace in data:
        del trace["y"]
    places = [label(_where(view, spot)) for spot in view.places]
    return Figure(
        id="age",
        title="Age of information at the receiver",
        alt="Boxes of how long ago the newest picture was captured, over time, by curve and setting.",
        data=data,
        layout=layout(
            380,
            boxmode="group",
            xaxis=axis(view.axis.title, type="category", categoryorder="array", categoryarray=places),
            yaxis=axis("age (ms)", rangemode="tozero"),
        ),
        note="How long ago the newest picture that the receiver has was captured. Line: the median over time; box: half of the "
        "time; whiskers: 5 and 95 % of it. Not counted: before the first picture.",
    )


def outcomes(view: PageView) -> Figure:
    """Return stacked bars of the frames that were late, lost or corrupt, by setting and curve."""
    # Plotly orders bars from the bottom, so the last comes first.
    spots = [(curve, own[index]) for index in range(len(view.places)) for curve, own in view.curves.items()][::-1]
    many = len(view.axis.settings) > 1
    names = [label(f"{_where(view, spot)}, {curve}" if many else curve) + _gap(spot) for curve, spot in spots]
    data: list[Dict] = []
    for column, outcome in TROUBLES.items():
        shares = [spot.share(column) for _, spot in spots]
        if not any(share and share.value for share in shares):
            continue
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": str(outcome),
                "y": names,
                "x": [None if share is None else round(100 * share.value, 3) for share in shares],
                "marker": {"color": OUTCOME_COLOURS[outcome]},
                "meta": {"columns": ["frames (%)", "where"]},
                "hovertemplate": "%{y}: %{x:.1f} %",
            }
        )
    if not data:
        empty: Dict = {"type": "bar", "orientation": "h", "name": "late, lost or corrupt", "y": names}
        data.append(empty | {"x": [0.0 if spot.samples else None for _, spot in spots], "showlegend": False})
        data[0]["meta"] = {"columns": ["frames (%)", "where"]}
    return Figure(
        id="outcomes",
        title="Share of frames",
        alt="Stacked bars of the share of frames that were late, lost, corrupt or without their reference, by curve and setting.",
        data=data,
        layout=layout(
            max(220, 100 + min(17 * len(names), 1500)),
            barmode="stack",
            legend={**layout(0)["legend"], "traceorder": "normal"},
            bargap=0.25,
            xaxis=axis("frames (%)", rangemode="tozero"),
            yaxis={"automargin": True, "type": "category", "categoryorder": "array", "categoryarray": names, "tickmode": "array",
                   "tickvals": names, "tickfont": {"size": 11}, "ticks": "outside", "ticklen": 4, "tickcolor": "rgba(0,0,0,0)"},
        ),
        note="Percent of all frames, mean over seeds. Late: decoded after the deadline. Corrupt: arrived, but not whole. "
        "Reference lost: arrived, but refers to a picture that did not.",
    )  # fmt: skip


def _where(view: PageView, spot: CurvePoint) -> str:
    return place(view.axis, spot.x, spot.setting)


def _gap(spot: CurvePoint) -> str:
    if spot.samples:
        return ""
    return " (failed)" if spot.failed else " (missing)" if spot.asked else " (not asked)"
