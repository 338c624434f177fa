"""What one link did during 100 ms: a line of a run's table of links."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkBin:
    """One link during [t_ns, t_ns + 100 ms).

    Sent and dropped packets count when they are offered, the others when they arrive or would have arrived.
    """

    link: str
    t_ns: int
    sent_bytes: int
    """Offered to the link, including what its queue refused."""
    delivered_bytes: int
    lost_packets: int
    dropped_packets: int
    """Refused by the full queue."""
    sent_packets: int
    queue_bytes_max: int
    """The most that waited at any instant, without the packet in service."""
    capacity_bytes: int | None = None
    """What a recorded bandwidth could have carried; None where the scenario says it."""
