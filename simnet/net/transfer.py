"""A transfer: one send of a frame through the network, open while packets travel, then a frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from simnet.net.content import Content
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
        self.payloads = _split(size_bytes, [link.payload_bytes for link in route])
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


def _split(size_bytes: int, limits_bytes: Iterable[int]) -> list[int]:
    """Return the payloads of a frame's packets, which fit every link; an empty frame is one packet without payload."""
    limit = min(limits_bytes, default=0)
    if not limit:
        return []
    full, rest = divmod(size_bytes, limit)
    return [limit] * full + ([rest] if rest or not full else [])
