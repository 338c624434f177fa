"""Rate, quality and outcomes of each stream over time."""

from __future__ import annotations

from collections.abc import Sequence

from simnet.records import SECOND_NS, Outcome, Row
from simnet.report import time_bins
from simnet.report.figures.figure import OUTCOME_COLOURS, Dict, Figure, axis, colours, dashes, label, layout
from simnet.report.formatting import number
from simnet.runfolder.run_reader import RunFolder

_GAP = 0.045
_MOST_MARKS = 600
_TROUBLE = tuple(outcome for outcome in Outcome if not outcome.in_time)
_SYMBOLS = {
    Outcome.LATE: "diamond",
    Outcome.LOST: "x",
    Outcome.CORRUPT: "star-triangle-up",
    Outcome.REFERENCE: "triangle-down",
    Outcome.NODE_LOST: "circle-x",
}


def over_time(run: RunFolder) -> Figure:
    """Return rate, PSNR, MS-SSIM and requested quality as stacked plots on one time axis."""
    slowest_s = max((camera.period_ns for camera in run.scenario.cameras.values()), default=0) / SECOND_NS
    width_s = time_bins.bin_width_s(run.virtual_s, max(0.5, 2 * slowest_s))
    data: list[Dict] = []
    for name, style in _styles(run.streams).items():
        rows = [row for row in run.rows if row.stream == name]
        steps = {"line": style["line"] | {"shape": "hv"}}
        data.append(style | _rate(rows, run.virtual_s, width_s) | steps)
        for index, measure in enumerate((_psnr, _ms_ssim, _quality), start=2):
            x, y = time_bins.curve(rows, measure, run.virtual_s)
            data.append({"type": "scatter", "mode": "lines", "x": x, "y": y} | style | {"yaxis": f"y{index}"})
    for trace in data:
        trace["hovertemplate"] = "%{x:.2f} s: %{y:.5~g}"
    titles = ("kbit/s", "PSNR (dB)", "MS-SSIM", "quality asked")
    thinned = any(sum(row.stream == name for row in run.rows) > time_bins.MOST_POINTS for name in run.streams)
    points = "means over bins" if thinned else "one point a frame; a gap is a frame without a picture"
    return Figure(
        id="over-time",
        title="Bandwidth and quality over time",
        alt=f"Line plots over {number(run.virtual_s, 1)} s of {len(run.streams)} streams: bit rate, PSNR, MS-SSIM and "
        "quality asked for. The table of streams above has the means.",
        data=data,
        layout=layout(760, **_rows_of_axes(titles, run.virtual_s)),
        note=f"Rate in bins of {width_s:g} s, packet overhead included. Quality: {points}.",
    )


def outcomes(run: RunFolder) -> Figure:
    """Return one line for each stream with a mark for each frame's outcome."""
    data: list[Dict] = []
    for outcome in Outcome:
        marks = [row for row in run.rows if row.outcome is outcome]
        if outcome not in _TROUBLE:
            marks = time_bins.thin(marks, _MOST_MARKS * max(1, len(run.streams)))
        if marks:
            data.append(_marks(outcome, marks))
    names = [label(name) for name in reversed(run.streams)]
    order = {"type": "category", "categoryorder": "array", "categoryarray": names, "range": [-0.6, len(names) - 0.4]}
    lost = {name: sum(row.stream == name and row.outcome in _TROUBLE for row in run.rows) for name in run.streams}
    said = ", ".join(f"{name} {count}" for name, count in lost.items())
    return Figure(
        id="outcomes",
        title="What became of each frame",
        alt=f"One line of marks a stream over time. Frames late, lost, corrupt, without reference or without their node: {said}.",
        data=data,
        layout=layout(110 + 30 * len(names), yaxis={"automargin": True, **order}, xaxis=_time_axis(run.virtual_s)),
        note="Alone: decoded without side information. "
        "Every frame with a trouble of its own is drawn; of the others only as many as can be seen.",
    )


def _styles(names: Sequence[str]) -> dict[str, Dict]:
    colour, dash = colours(names), dashes(names)
    return {
        name: {
            "name": label(name),
            "legendgroup": name,
            "showlegend": False,
            "xaxis": "x",
            "line": {"color": colour[name], "width": 1.8, "dash": dash[name]},
        }
        for name in names
    }


def _rate(rows: Sequence[Row], virtual_s: float, width_s: float) -> Dict:
    starts = time_bins.bin_starts_s(virtual_s, width_s)
    bits = time_bins.per_second(
        rows, lambda row: row.capture_ns, lambda row: 8 * row.link_bytes / 1e3, virtual_s, width_s
    )
    # A step plot needs the end of its last step.
    x, y = ([*starts, virtual_s], [*bits, bits[-1]]) if rows else ([], [])
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "yaxis": "y", "showlegend": True}


def _psnr(row: Row) -> float | None:
    return row.psnr_db


def _ms_ssim(row: Row) -> float | None:
    return row.ms_ssim


def _quality(row: Row) -> float | None:
    return row.quality


def _marks(outcome: Outcome, rows: Sequence[Row]) -> Dict:
    trouble = outcome in _TROUBLE
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "alone" if outcome is Outcome.ALONE else str(outcome),
        "x": [row.capture_ns / SECOND_NS for row in rows],
        "y": [label(row.stream) for row in rows],
        "customdata": [row.sequence for row in rows],
        "hovertemplate": "%{y} frame %{customdata} at %{x:.2f} s",
        "marker": {
            "color": OUTCOME_COLOURS[outcome],
            "symbol": _SYMBOLS.get(outcome, "line-ns"),
            "size": 9 if trouble else 12,
            "line": {"color": OUTCOME_COLOURS[outcome], "width": 1 if trouble else 2},
        },
    }


def _time_axis(virtual_s: float, **more: object) -> Dict:
    return axis("time (s)", range=[0, virtual_s], **more)


def _rows_of_axes(titles: Sequence[str], virtual_s: float) -> Dict:
    height = (1 - _GAP * (len(titles) - 1)) / len(titles)
    axes: Dict = {"xaxis": _time_axis(virtual_s, anchor=f"y{len(titles)}")}
    for index, title in enumerate(titles):
        top = 1 - index * (height + _GAP)
        key = "yaxis" if index == 0 else f"yaxis{index + 1}"
        axes[key] = axis(title, domain=[max(0.0, top - height), top])
    axes["yaxis"]["rangemode"] = "tozero"
    return axes
