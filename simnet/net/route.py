"""Routing: the cheapest_route route from node to node over links."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.net.links.route_hop import Hop

    Costs = Mapping[str, tuple[int, bool]]
    """By link name: ns, and whether the target is in range."""


class LinkGraph:
    """Links by node, and the subset of links that can be part of a route between two nodes."""

    def __init__(self, links: Sequence[Hop]) -> None:
        self._leaving: dict[str, list[Hop]] = {}
        self._entering: dict[str, list[Hop]] = {}
        for link in links:
            self._leaving.setdefault(link.config.source, []).append(link)
            self._entering.setdefault(link.config.target, []).append(link)
        self._order = {link.config.name: index for index, link in enumerate(links)}

    def between(self, source: str, target: str) -> tuple[Hop, ...]:
        """Return the links on all routes from `source` to `target` that pass neither twice, in the order of the scenario.

        The search is small if one end has few links: a node of a large star reaches its hub over its only link.
        """
        ahead = self._leaving, "target"
        back = self._entering, "source"
        starts = (source, target)
        if len(self._leaving.get(source, ())) > len(self._entering.get(target, ())):
            ahead, back, starts = back, ahead, (target, source)
        first = _walk(*ahead, starts[0], starts[1], None)
        found = _walk(*back, starts[1], starts[0], {link.config.name for link in first})
        return tuple(sorted(found, key=lambda link: self._order[link.config.name]))


def _walk(edges: Mapping[str, list[Hop]], far: str, start: str, stop: str, among: set[str] | None) -> list[Hop]:
    """Return the links reachable from `start` without passing `stop`; only those named in `among`, if given."""
    found: list[Hop] = []
    seen, frontier = {start, stop}, [start]
    while frontier:
        for link in edges.get(frontier.pop(), ()):
            beyond = getattr(link.config, far)
            if beyond == start or (among is not None and link.config.name not in among):
                continue
            found.append(link)
            if beyond not in seen:
                seen.add(beyond)
                frontier.append(beyond)
    return found


def cheapest_route(links: Sequence[Hop], costs: Costs, source: str, target: str) -> tuple[Hop, ...] | None:
    """Return the links of the cheapest_route route from `source` to `target`, or None if there is no route.

    Dijkstra's algorithm over (links out of range, ns, hops, names of the links), compared in this order: a route that is
    out of range is taken only if there is no other (packets are lost on it), and names break ties.
    """
    leaving: dict[str, list[Hop]] = {}
    for link in links:
        leaving.setdefault(link.config.source, []).append(link)
    by_name = {link.config.name: link for link in links}
    heap: list[tuple[int, int, int, tuple[str, ...], str]] = [(0, 0, 0, (), source)]
    settled: set[str] = set()
    while heap:
        unreachable, cost_ns, hops, names, node = heapq.heappop(heap)
        if node == target:
            return tuple(by_name[name] for name in names)
        if node in settled:
            continue
        settled.add(node)
        for link in leaving.get(node, ()):
            name = link.config.name
            link_ns, in_range = costs[name]
            step = unreachable + (not in_range), cost_ns + link_ns, hops + 1, (*names, name), link.config.target
            heapq.heappush(heap, step)
    return None
