"""The cheapest way from node to node over links."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.net.link import Link

    Costs = Mapping[str, tuple[int, bool]]
    """By link name: ns, and whether its other end is in range."""


def cheapest(links: Sequence[Link], costs: Costs, source: str, target: str) -> tuple[Link, ...] | None:
    """Return the links from `source` to `target` in order, or None where no sequence of links leads there.

    Dijkstra's algorithm over (links out of range, ns, hops, names of the links), compared in this order: a way that is
    out of range is taken only where there is no other (what is sent is lost there), and names settle ties.
    """
    leaving: dict[str, list[Link]] = {}
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
