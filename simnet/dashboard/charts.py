"""Moving charts of the live page, as ECharts options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simnet.dashboard.state import OPEN_NS, kbit_s
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.dashboard.state import State
    from simnet.records import Scenario

PALETTE = ("#3b7dd8", "#d9641a", "#1f9d6b", "#c2489b", "#8f7a12", "#7c62e0", "#0f95ab", "#dc4455")
"""Line colours with a contrast of at least 3:1 on the light and the dark background."""
WINDOW_S = 10.0
"""Span of a moving chart in virtual time; the chart of a finished run shows the whole run."""
MOST = 8
"""Maximum number of streams in a chart: the chosen stream and the first others."""
_SOFT = "#7d8590"
_GRID = "rgba(125, 133, 144, .25)"


def shown_streams(scenario: Scenario, chosen: str) -> list[str]:
    """Return the streams that charts show, in the scenario's order."""
    names = [stream.name for stream in scenario.streams]
    others = [name for name in names if name != chosen][: MOST - 1]
    return [name for name in names if name == chosen or name in others]


def rate(state: State, chosen: str) -> dict[str, Any]:
    """Return the chart of kbit/s on each stream's first link, averaged over one second that is complete."""
    scenario = state.scenario
    cameras = scenario.cameras if scenario else {}
    now_ns = state.time_ns + OPEN_NS * (state.end is not None)
    duration_ns = scenario.duration_ns if scenario else 0
    lines = {
        name: kbit_s(own.rows, cameras[name].period_ns, now_ns, duration_ns) for name, own in state.streams.items()
    }
    return _chart(state, chosen, "kbit/s", lines, floor=0)


def quality(state: State, chosen: str) -> dict[str, Any]:
    """Return the chart of every decoded picture's PSNR in dB."""
    lines = {
        name: [(row.capture_ns / SECOND_NS, row.psnr_db) for row in sorted(own.rows, key=lambda row: row.capture_ns)]
        for name, own in state.streams.items()
    }
    return _chart(state, chosen, "PSNR dB", lines, floor=None)


def _chart(
    state: State,
    chosen: str,
    unit: str,
    lines: Mapping[str, Sequence[tuple[float, float | None]]],
    floor: float | None,
) -> dict[str, Any]:
    now_s = state.time_ns / SECOND_NS
    begin_s = 0.0 if state.end else max(0.0, now_s - WINDOW_S)
    until_s = now_s if state.end else max(now_s, WINDOW_S)
    names = shown_streams(state.scenario, chosen) if state.scenario else []
    series = [_line(name, index, lines[name], begin_s, is_chosen=name == chosen) for index, name in enumerate(names)]
    axis: dict[str, Any] = {
        "axisLabel": {"color": _SOFT},
        "nameTextStyle": {"color": _SOFT},
        "splitLine": {"lineStyle": {"color": _GRID}},
    }
    return {
        "animation": False,
        "color": list(PALETTE),
        "grid": {"left": 46, "right": 14, "top": 30, "bottom": 64},
        "legend": {"bottom": 0, "type": "scroll", "textStyle": {"color": _SOFT}, "pageTextStyle": {"color": _SOFT}},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": axis
        | {
            "type": "value",
            "min": round(begin_s, 1),
            "max": round(until_s, 1),
            "axisLabel": {"color": _SOFT, "formatter": "{value} s"},
        },
        "yAxis": axis | {"type": "value", "name": unit, "scale": floor is None, "min": floor},
        "series": series,
    }


def _line(
    name: str, index: int, points: Sequence[tuple[float, float | None]], begin_s: float, *, is_chosen: bool
) -> dict[str, Any]:
    data = [[round(t, 3), None if value is None else round(value, 2)] for t, value in points if t >= begin_s - 1]
    return {
        "name": name,
        "type": "line",
        # A frame between two lost frames is drawn as a single point.
        "symbol": "circle",
        "symbolSize": 2.5,
        "data": data,
        "z": 3 if is_chosen else 2,
        "lineStyle": {"width": 3 if is_chosen else 1.5, "opacity": 1 if is_chosen else 0.6},
        "itemStyle": {"color": PALETTE[index % len(PALETTE)]},
    }
