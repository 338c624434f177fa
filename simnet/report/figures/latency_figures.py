"""Figures of picture latency and queueing time."""

from __future__ import annotations

from collections.abc import Callable

from simnet.records import Row
from simnet.report import time_bins
from simnet.report.figures.figure import Dict, Figure, axis, colours, dashes, deadline_line, label, layout
from simnet.report.formatting import number
from simnet.row_statistics import latency_ms
from simnet.runfolder.run_reader import RunFolder


def capture_to_picture(run: RunFolder) -> Figure:
    """Return each stream's cumulative share of frames over picture latency."""
    deadline_ms = run.scenario.fusion.deadline_ns / 1e6
    longest_ms = max(deadline_ms, *(value for row in run.rows if (value := latency_ms(row)) is not None), 0.0)
    shape, note = deadline_line(deadline_ms, f"deadline {deadline_ms:g} ms")
    in_time = sum(row.outcome.in_time for row in run.rows)
    return Figure(
        id="latency",
        title="Latency from capture to picture",
        alt=f"Cumulative share of frames over latency, a curve a stream, with the deadline of {deadline_ms:g} ms marked. "
        f"{in_time} of {len(run.rows)} frames were there in time.",
        data=_curves(run, latency_ms, of_all=True),
        layout=layout(
            360,
            xaxis=axis("milliseconds since capture", range=[0, round(1.05 * longest_ms, 1)]),
            yaxis=axis("frames with a picture (%)", range=[0, 102]),
            shapes=[shape],
            annotations=[note],
        ),
        note="Percent of all frames captured: a curve that ends below 100 % is short of the frames that never became a picture.",
    )


def queueing(run: RunFolder) -> Figure:
    """Return each stream's distribution of queueing time."""
    arrived = [row for row in run.rows if row.arrive_ns is not None]
    worst_ms = max((row.queue_ns / 1e6 for row in arrived), default=None)
    return Figure(
        id="queueing",
        title="Queue delay",
        alt="Cumulative share of frames over the time that the slowest packet waited in queues, a curve a stream. "
        f"The longest wait was {number(worst_ms, 1, 'ms')}.",
        data=_curves(run, _queue_ms, of_all=False),
        layout=layout(
            360,
            xaxis=axis("milliseconds in queues", rangemode="tozero"),
            yaxis=axis("frames that arrived (%)", range=[0, 102]),
        ),
        note=f"Percent of the {len(arrived)} frames that arrived; the packet of a frame that waited longest.",
    )


def _queue_ms(row: Row) -> float | None:
    return None if row.arrive_ns is None else row.queue_ns / 1e6


def _curves(run: RunFolder, measure: Callable[[Row], float | None], *, of_all: bool) -> list[Dict]:
    colour, dash = colours(run.streams), dashes(run.streams)
    data: list[Dict] = []
    for name in run.streams:
        rows = [row for row in run.rows if row.stream == name]
        values = [value for row in rows if (value := measure(row)) is not None]
        x, y = time_bins.cumulative(values, len(rows) if of_all else len(values))
        trace: Dict = {"type": "scatter", "mode": "lines", "name": label(name), "x": x, "y": y}
        trace["line"] = {"color": colour[name], "dash": dash[name], "width": 2, "shape": "hv"}
        trace["hovertemplate"] = "%{y:.1f} % within %{x:.1f} ms"
        data.append(trace)
    return data
