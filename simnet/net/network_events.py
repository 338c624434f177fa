"""Events of the links beside packets: the edges of outages, and hand-overs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from simnet.records.network_event import NetworkEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simnet.net.handover import Handover
    from simnet.records import LinkConfig


def link_events(links: Iterable[LinkConfig], handovers: Iterable[Handover], until_ns: int) -> list[NetworkEvent]:
    """Return the events up to `until_ns`, in order of time."""
    found = [
        NetworkEvent(edge_ns, link.name, kind)
        for link in links
        for outage in link.outages
        for edge_ns, kind in zip(outage, ("outage begins", "outage ends"), strict=True)
        if edge_ns <= until_ns
    ]
    for handover in handovers:
        changes = handover.changes(until_ns)
        for before, after in pairwise(changes):
            detail = f"from {before.access_point} to {after.access_point}"
            found.append(NetworkEvent(after.t_ns, handover.config.node, "hand-over", detail))
    return sorted(found)
