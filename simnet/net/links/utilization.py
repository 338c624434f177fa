"""Utilization of a link: what was offered recently over what it can send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.net.link_statistics import BIN_NS, RECENT_BINS
from simnet.records import SECOND_NS
from simnet.records.telemetry import LinkLoad

if TYPE_CHECKING:
    from simnet.net.link_statistics import LinkCounters
    from simnet.net.links.channel import Channel


def recent_load(channel: Channel, counters: LinkCounters, now_ns: int) -> LinkLoad:
    """Return the load of a link over the last half second, or over the whole bins that there are so far. Changes nothing."""
    rate_bps, up = channel.rate_bps(now_ns)
    sent_bytes, lost_packets = counters.recent(now_ns)
    bins = min(RECENT_BINS, now_ns // BIN_NS)
    offered_bps = 8 * sent_bytes * SECOND_NS / (bins * BIN_NS) if bins else 0.0
    return LinkLoad(channel.config.name, offered_bps / rate_bps, offered_bps / 1000, lost_packets, up)
