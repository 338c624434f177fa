"""SVG map of the nodes, with links coloured by load, made from the run's state without a browser."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simnet.printable import printable_html

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simnet.dashboard.state import State
    from simnet.records.telemetry import LinkLoad, LiveRun

    Point = tuple[float, float]
    Box = tuple[float, float, float, float]

WIDTH = 480.0
"""Width of the drawing in its own units; the drawing scales with the page."""
_EDGE, _LEAST, _MOST = 44.0, 190.0, 380.0
"""Margin at the edges; minimum and maximum height."""
_LETTER, _LINE = 7.6, 15.0
"""Width of one letter of a name."""
_APART = 4.0
"""Distance between the lines of a link's two directions."""
STEPS = (
    (0.0, "#8b95a1", "idle"),
    (0.5, "#1f9d6b", "up to 50 %"),
    (0.9, "#c58b07", "up to 90 %"),
    (1.0, "#dc6a18", "up to 100 %"),
)
"""Load classes: upper bound, colour, text; a load above the last bound is `OVER`."""
OVER = ("#dc3545", "over 100 %")


def load_colour(load: LinkLoad) -> str:
    """Return the colour of a link with this load."""
    return next((colour for most, colour, _ in STEPS if load.load <= most), OVER[0])


def load_words(load: LinkLoad) -> str:
    """Return the text for a link's load."""
    share = f"{100 * load.load:.0f} %" if load.load < 10 else "over 1000 %"
    return share if load.up else f"down, {share} offered"


def svg(state: State) -> str:
    """Return the map of the run; empty before the run has published its nodes."""
    run, sample = state.run, state.sample
    if run is None or sample is None:
        return ""
    place, height = _scale(run)
    points = {name: place(x, y) for name, x, y, _ in sample.positions_m}
    loads = {load.link: load for load in sample.links}
    ways = [_way([place(*point) for point in way.points_m]) for way in run.paths_m if len(way.points_m) > 1]
    links = [
        _link(points[link.source], points[link.target], f"{link.source} to {link.target}", loads[link.name])
        for link in run.scenario.links
        if link.name in loads
    ]
    nodes = [_mark(name, point, is_fusion=name == run.scenario.fusion.node) for name, point in points.items()]
    words = f"Map of {len(points)} nodes and {len(links)} links"
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{words}" class="ground">'
        f"{''.join(ways)}{''.join(links)}{''.join(nodes)}{''.join(_names(points, height))}</svg>"
    )


def _scale(run: LiveRun) -> tuple[Callable[[float, float], Point], float]:
    """Return the function from metres to the drawing's units, north up, and the height; all paths of all nodes fit."""
    xs = [x for way in run.paths_m for x, _ in way.points_m]
    ys = [y for way in run.paths_m for _, y in way.points_m]
    wide, high = max(max(xs) - min(xs), 1.0), max(max(ys) - min(ys), 1.0)
    scale = min((WIDTH - 2 * _EDGE) / wide, (_MOST - 2 * _EDGE) / high)
    height = max(high * scale + 2 * _EDGE, _LEAST)
    left, middle = WIDTH / 2 - scale * (max(xs) + min(xs)) / 2, height / 2 + scale * (max(ys) + min(ys)) / 2

    def place(x: float, y: float) -> Point:
        return left + scale * x, middle - scale * y

    return place, height


def _way(points: Sequence[Point]) -> str:
    return f'<polyline class="way" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def _link(a: Point, b: Point, ends: str, load: LinkLoad) -> str:
    length = math.dist(a, b) or 1.0
    along = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    # The line is shifted to the right of its direction, so that both directions are visible.
    aside = -along[1] * _APART / 2, along[0] * _APART / 2
    trim = min(8.0, length / 3)
    x1, y1 = a[0] + aside[0] + along[0] * trim, a[1] + aside[1] + along[1] * trim
    x2, y2 = b[0] + aside[0] - along[0] * trim, b[1] + aside[1] - along[1] * trim
    width = 1.2 + 2.6 * min(load.load, 1.2)
    dashes = "" if load.up else ' stroke-dasharray="2 4"'
    title = printable_html(f"{load.link}: {ends}, {load.kbit_s:.0f} kbit/s, {load_words(load)}")
    return (
        f'<g><title>{title}</title><line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{load_colour(load)}" stroke-width="{width:.1f}" stroke-linecap="round"{dashes}/></g>'
    )


def _mark(name: str, point: Point, *, is_fusion: bool) -> str:
    x, y = point
    title = f"<title>{printable_html(name)}</title>"
    if is_fusion:
        return f'<g>{title}<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" rx="2" class="fusion"/></g>'
    return f'<g>{title}<circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="node"/></g>'


def _names(points: dict[str, Point], height: float) -> list[str]:
    """Return the names that fit without overlap, above or below their nodes; other names remain in the marks' titles."""
    taken: list[Box] = [(x - 6, y - 6, x + 6, y + 6) for x, y in points.values()]
    written = []
    for name, (x, y) in sorted(points.items(), key=lambda item: item[1]):
        half = _LETTER * len(name) / 2
        centre = min(max(x, half + 2), WIDTH - half - 2)
        for lines in (-1, 1, -2, 2, -3, 3):
            middle = y + lines * (_LINE + 1)
            box = centre - half, middle - _LINE / 2, centre + half, middle + _LINE / 2
            if box[1] >= 0 and box[3] <= height and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                written.append(
                    f'<text x="{centre:.1f}" y="{middle + 4.5:.1f}" text-anchor="middle">{printable_html(name)}</text>'
                )
                break
    return written


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
