"""Link events of a run other than packets: start or end of an outage, handover."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class NetworkEvent:
    """One event of a run's network."""

    time_ns: int
    where: str
    """The link of an outage, or the node of a handover."""
    kind: str
    """Event type: outage begins, outage ends, hand-over."""
    detail: str = ""
