"""What happens to a run's links beside packets: a record of an outage's edge or of a hand-over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class NetworkEvent:
    """One event of a run's network."""

    time_ns: int
    where: str
    """The link, or the node that is handed over."""
    kind: str
    """outage begins, outage ends, hand-over."""
    detail: str = ""
