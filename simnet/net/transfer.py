"""A transfer: one send of a frame through the network, open while packets travel, then a frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simnet.net.content import Content
    from simnet.net.ecn import EcnField
    from simnet.net.links.link import Link
    from simnet.net.links.route_hop import Hop
    from simnet.net.passage import Passage


@dataclass(frozen=True, slots=True)
class Transfer:
    """Result of one send. Times are virtual."""

    source: str
    target: str
    size_bytes: int
    link_bytes: int
    """Bytes offered to the first link: the frame and the overhead of every packet there."""
    packets_sent: int
    packets_lost: int
    """Lost on the air or dropped by a queue, on any link of the route."""
    sent_ns: int
    arrived_ns: int | None
    """When the last packet arrived; None if any is missing."""
    queue_ns: int
    """Time in queues over the whole route, of the packet that waited longest."""
    complete: bool
    retransmissions: int = 0
    """Packets sent again; `packets_sent` and `link_bytes` include them."""


class OpenTransfer:
    """A transfer with packets that neither arrived nor are known to be lost."""

    def __init__(
        self,
        source: str,
        target: str,
        size_bytes: int,
        *,
        sent_ns: int,
        route: tuple[Hop, ...],
        priority: int,
        on_delivery: Callable[[Transfer], None],
        content: Content | None = None,
        ecn: EcnField | None = None,
    ) -> None:
        self.source = source
        self.target = target
        self.size_bytes = size_bytes
        self.sent_ns = sent_ns
        self.route = route
        self.priority = priority
        self.on_delivery = on_delivery
        self.content = content
        """Bytes of the frame, if the network has an observer."""
        self.ecn = ecn
        limit_bytes = min([link.payload_bytes for link in route], default=0)
        self.payloads = packet_sizes(size_bytes, limit_bytes) if limit_bytes else []
        self.open_packets = len(self.payloads)
        self.last_ns = sent_ns
        """When the last packet so far arrives, or is known to be lost."""
        self._lost = 0
        self._queue_ns = 0

    def end_packets(self, passages: Sequence[Passage], waited_ns: int) -> None:
        """Count packets that reach the target or are lost; `waited_ns` is their time in the queues of earlier links."""
        self.open_packets -= len(passages)
        if len(passages) == 1:
            known_ns, arrived, queue_ns = passages[0]
            self._lost += not arrived
            self.last_ns = max(self.last_ns, known_ns)
            self._queue_ns = max(self._queue_ns, waited_ns + queue_ns)
            return
        known_ns, arrived, queue_ns = zip(*passages, strict=True)
        self._lost += arrived.count(False)
        self.last_ns = max(self.last_ns, *known_ns)
        self._queue_ns = max(self._queue_ns, waited_ns + max(queue_ns))

    def close(self) -> None:
        """Call the sender's callback; the network calls this once, at `last_ns`."""
        packets = len(self.payloads)
        first_overhead = self.route[0].config.overhead_bytes if self.route else 0
        self.on_delivery(
            Transfer(
                source=self.source,
                target=self.target,
                size_bytes=self.size_bytes,
                link_bytes=self.size_bytes + packets * first_overhead if self.route else 0,
                packets_sent=packets,
                packets_lost=self._lost,
                sent_ns=self.sent_ns,
                arrived_ns=None if self._lost else self.last_ns,
                queue_ns=self._queue_ns,
                complete=not self._lost,
            )
        )


def transfer_over(link: Link, now_ns: int, source: str, target: str, size_bytes: int) -> tuple[int, Transfer]:
    """Send a frame over one link that knows all passages at once; return when that ends, and what it comes to.

    It is what an `OpenTransfer` comes to, in fewer steps.
    """
    overhead_bytes = link.config.overhead_bytes
    sizes_bytes = packet_sizes(size_bytes, link.payload_bytes, overhead_bytes)
    packets = len(sizes_bytes)
    link_bytes = size_bytes + packets * overhead_bytes
    end_ns, lost, queue_ns = link.offer_whole(now_ns, sizes_bytes, link_bytes)
    arrived_ns = None if lost else end_ns
    return end_ns, Transfer(
        source, target, size_bytes, link_bytes, packets, lost, now_ns, arrived_ns, queue_ns, complete=not lost
    )


def packet_sizes(size_bytes: int, limit_bytes: int, overhead_bytes: int = 0) -> list[int]:
    """Return the sizes of a frame's packets of at most `limit_bytes` and their overhead; an empty frame is one packet."""
    full, rest = divmod(size_bytes, limit_bytes)
    sizes_bytes = [limit_bytes + overhead_bytes] * full
    if rest or not full:
        sizes_bytes.append(rest + overhead_bytes)
    return sizes_bytes
