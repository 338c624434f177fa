"""Reason why most frames of a run came late or not at all, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simnet.readable import size_text

if TYPE_CHECKING:
    from simnet.records import Scenario
    from simnet.records.link_bin import LinkBin

_MANY = 0.5
"""Share of missed frames from which a reason is given."""
_SHARE = 0.05
"""Share of a link's packets that is worth a word."""


def has_many(streams: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether most frames came late or not at all, by the streams' figures."""
    return _missed(streams) > _MANY * sum(each["frames"] for each in streams.values())


def reason(streams: Mapping[str, Mapping[str, Any]], scenario: Scenario, bins: Sequence[LinkBin]) -> str:
    """Return what most frames were missed by: full queues, losses, or the deadline; and what helps."""
    frames = sum(each["frames"] for each in streams.values())
    start = f"{_missed(streams)} of {frames} frames were late or lost"
    found = [_packets(name, bins) for name in dict.fromkeys(entry.link for entry in bins)]
    sent = [each for each in found if each[1]]
    name, packets, _, dropped = max(sent, key=lambda each: each[3], default=("", 0, 0, 0))
    if dropped > _SHARE * packets:
        queue = next((link.queue_bytes for link in scenario.links if link.name == name), 0)
        full = f"its queue of {size_text(queue)}" if queue else "its queue"
        return (
            f"{start}: link {name} dropped {dropped} of {packets} packets, {full} was full; a lower rate "
            "(--set 'streams.*.rate=adaptive'), a faster link or a larger queue helps"
        )
    name, packets, lost, _ = max(sent, key=lambda each: each[2], default=("", 0, 0, 0))
    if lost > _SHARE * packets:
        return (
            f"{start}: link {name} lost {lost} of {packets} packets on the way; a transport helps "
            "(--set 'streams.*.transport=retransmission')"
        )
    slow = max(streams, key=lambda one: streams[one]["latency_ms_p50"] or 0.0)
    median = streams[slow]["latency_ms_p50"]
    if median is None:
        return f"{start}; the page shows which became what"
    return (
        f"{start}: half of the pictures of {slow} take {median:.0f} ms or more, the deadline is "
        f"{scenario.fusion.deadline_ns / 1e6:g} ms; a lower rate, a faster link or a later deadline helps"
    )


def _missed(streams: Mapping[str, Mapping[str, Any]]) -> int:
    kinds = ("late", "lost", "corrupt", "reference_lost")
    return sum(each[kind] for each in streams.values() for kind in kinds)


def _packets(name: str, bins: Sequence[LinkBin]) -> tuple[str, int, int, int]:
    """Return a link's name and its packets: sent, lost, dropped."""
    own = [entry for entry in bins if entry.link == name]
    return name, sum(e.sent_packets for e in own), sum(e.lost_packets for e in own), sum(e.dropped_packets for e in own)
