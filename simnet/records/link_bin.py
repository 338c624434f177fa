"""Counters of one link over 100 ms: a line of a run's link table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LinkBin:
    """Counters of one link during [t_ns, t_ns + 100 ms).

    Sent and dropped packets count at the time they are offered, the others at their actual or would-be arrival time.
    """

    link: str
    t_ns: int
    sent_bytes: int
    """Bytes offered to the link, including those that its queue dropped."""
    delivered_bytes: int
    lost_packets: int
    dropped_packets: int
    """Packets dropped by the full queue."""
    sent_packets: int
    queue_bytes_max: int
    """Peak queue length, without the packet in service."""
    capacity_bytes: int | None = None
    """Capacity of a recorded bandwidth trace; None if the scenario gives the bandwidth."""
    traffic_sent_bytes: int = 0
    """Bytes of `sent_bytes` that are background traffic."""
    traffic_delivered_bytes: int = 0
    """Bytes of `delivered_bytes` that are background traffic."""
