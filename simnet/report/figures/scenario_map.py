"""Map of a scenario: starts and paths of nodes, views of cameras, and links."""

from __future__ import annotations

import math

from simnet.records import CameraConfig, NodeConfig, Scenario
from simnet.report.figures.figure import NEUTRAL, Dict, Figure, axis, colours, label, layout
from simnet.report.formatting import place
from simnet.report.site_plan import (
    extent_m,
    heading_deg,
    path_m,
    position_m,
)

MOST_NODES = 80
"""Nodes up to which each has a name, a colour, its path and its cameras' views."""
MOST_DOTS = 4000


def overview(scenario: Scenario) -> Figure:
    """Return the map; x is east and y is north, both in metres at the same scale."""
    if len(scenario.nodes) > MOST_NODES:
        return _crowd(scenario)
    colour = colours(node.name for node in scenario.nodes)
    reach_m = 0.12 * extent_m(scenario)
    data = [_links(scenario)]
    for node in scenario.nodes:
        data.extend(_view(camera, node, reach_m, colour[node.name]) for camera in node.cameras)
    for node in scenario.nodes:
        data.extend(_node(node, scenario, colour[node.name]))
    said = "; ".join(f"{node.name} starts at {place(position_m(node.trajectory, 0))}" for node in scenario.nodes)
    axes = {"xaxis": axis("east (m)"), "yaxis": axis("north (m)")}
    axes["yaxis"] |= {"scaleanchor": "x", "scaleratio": 1}
    return Figure(
        id="map",
        title="From above",
        alt=f"Map of the nodes: {said}.",
        data=data,
        layout=layout(420, **axes),
        note="Round marks: start. Arrows: end of the run. Wedges: where cameras look at the start. Grey: links.",
    )


def _crowd(scenario: Scenario) -> Figure:
    """Return the map of many nodes: a dot each where it starts, up to `MOST_DOTS`, without names, views and paths."""
    step = -(-len(scenario.nodes) // MOST_DOTS)
    places = [(node.name, position_m(node.trajectory, 0)) for node in scenario.nodes[::step]]
    fusion = next(node for node in scenario.nodes if node.name == scenario.fusion.node)
    x, y, _ = position_m(fusion.trajectory, 0)
    dots: Dict = {
        "type": "scatter",
        "mode": "markers",
        "name": "nodes",
        "x": [round(place_m[0], 2) for _, place_m in places],
        "y": [round(place_m[1], 2) for _, place_m in places],
        "text": [label(name) for name, _ in places],
        "hovertemplate": "%{text}",
        "marker": {"size": 4, "opacity": 0.6},
    }
    centre: Dict = {
        "type": "scatter",
        "mode": "markers",
        "name": f"{label(fusion.name)} (fusion)",
        "x": [round(x, 2)],
        "y": [round(y, 2)],
        "marker": {"color": NEUTRAL, "size": 12, "symbol": "square"},
    }
    shown = f"every {step}th is drawn" if step > 1 else "all are drawn"
    axes = {"xaxis": axis("east (m)"), "yaxis": axis("north (m)") | {"scaleanchor": "x", "scaleratio": 1}}
    return Figure(
        id="map",
        title="From above",
        alt=f"Map of where {len(scenario.nodes)} nodes start; {shown}. Fusion is at {place([round(x, 2), round(y, 2)])}.",
        data=[dots, centre],
        layout=layout(420, **axes),
        note=f"A dot for each of {len(scenario.nodes)} nodes where it starts; {shown}.",
    )


def _node(node: NodeConfig, scenario: Scenario, colour: str) -> list[Dict]:
    path = path_m(node.trajectory, scenario.duration_ns)
    here = path[0]
    shared: Dict = {"type": "scatter", "name": label(node.name), "legendgroup": node.name}
    fixed = math.dist(here, path[-1]) < 1e-6
    start = shared | {
        "mode": "markers",
        "x": [round(here[0], 3)],
        "y": [round(here[1], 3)],
        "hovertemplate": f"{label(node.name)}<br>{place([round(value, 2) for value in here])}",
        "marker": {"color": colour, "size": 12, "symbol": "square" if fixed else "circle"},
    }
    if fixed:
        return [start]
    way = shared | {
        "mode": "lines+markers",
        "showlegend": False,
        "hoverinfo": "skip",
        "x": [round(point[0], 3) for point in path],
        "y": [round(point[1], 3) for point in path],
        "line": {"color": colour, "width": 2},
        "marker": {
            "color": colour,
            "size": [0] * (len(path) - 1) + [12],
            "symbol": "arrow",
            "angleref": "previous",
            "line": {"width": 0},
            "opacity": 1,
        },
    }
    return [way, start]


def _view(camera: CameraConfig, node: NodeConfig, reach_m: float, colour: str) -> Dict:
    x, y, _ = position_m(node.trajectory, 0)
    centre = heading_deg(node.trajectory) + camera.yaw_deg
    half = min(camera.field_of_view_deg, 179.0) / 2
    # A camera that looks down sees the ground all around it, not a wedge.
    steps = range(0, 361, 30) if camera.pitch_deg < -60 else [centre + half * share / 4 for share in range(-4, 5)]
    reach = reach_m * max(0.35, math.cos(math.radians(camera.pitch_deg)))
    arc = [(x + reach * math.cos(math.radians(a)), y + reach * math.sin(math.radians(a))) for a in steps]
    corners = arc if camera.pitch_deg < -60 else [(x, y), *arc, (x, y)]
    return {
        "type": "scatter",
        "mode": "lines",
        "fill": "toself",
        "opacity": 0.45,
        "showlegend": False,
        "legendgroup": node.name,
        "hoverinfo": "skip",
        "x": [round(corner[0], 3) for corner in corners],
        "y": [round(corner[1], 3) for corner in corners],
        "line": {"color": colour, "width": 1},
    }


def _links(scenario: Scenario) -> Dict:
    places = {node.name: position_m(node.trajectory, 0) for node in scenario.nodes}
    x: list[float | None] = []
    y: list[float | None] = []
    for link in scenario.links:
        for end in (link.source, link.target):
            x.append(round(places[end][0], 3))
            y.append(round(places[end][1], 3))
        x.append(None)
        y.append(None)
    line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
    return {"type": "scatter", "mode": "lines", "name": "links", "x": x, "y": y, "line": line, "hoverinfo": "skip"}
