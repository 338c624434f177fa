"""How busy a link is at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.net.link_statistics import BIN_NS, RECENT_BINS
from simnet.records import SECOND_NS
from simnet.records.telemetry import LinkLoad

if TYPE_CHECKING:
    from simnet.net.link_statistics import LinkCounters
    from simnet.net.links.channel import Channel


def load(channel: Channel, ledger: LinkCounters, now_ns: int) -> LinkLoad:
    """Return what was offered lately against what the link can send now; changes nothing."""
    rate_bps, up = channel.rate_bps(now_ns)
    sent_bytes, lost_packets = ledger.recent(now_ns)
    offered_bps = 8 * sent_bytes * SECOND_NS / (RECENT_BINS * BIN_NS)
    return LinkLoad(channel.config.name, offered_bps / rate_bps, offered_bps / 1000, lost_packets, up)
