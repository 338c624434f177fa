"""Progress of a frame that is sent packet by packet: counts while packets travel, reported as a `Transfer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.net.transfer import Transfer

if TYPE_CHECKING:
    from simnet.net.transport.path import OnClose, OnDelivery, Path


class FrameProgress:
    """Counts the packets of one frame and calls the sender's callbacks, each at most once."""

    def __init__(self, path: Path, size_bytes: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        self._path, self._size_bytes = path, size_bytes
        self._on_delivery, self._on_close = on_delivery, on_close
        self._sent_ns = self._now_ns
        self._arrived_ns: int | None = None
        self._packets = self._lost = self._link_bytes = self._retransmissions = self._queue_ns = 0
        self._reported: Transfer | None = None
        self.in_flight = 0
        """Packets that neither arrived nor are known to be lost."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver has the frame."""
        return self._arrived_ns is not None

    def on_sent(self, link_bytes: int, *, again: bool = False) -> None:
        """Count a packet that is sent, or sent `again`; `link_bytes` enter the first link."""
        self.in_flight += 1
        self._packets += 1
        self._retransmissions += again
        self._link_bytes += link_bytes

    def on_end(self, transfer: Transfer) -> None:
        """Count a packet that has arrived or is known to be lost."""
        self.in_flight -= 1
        self._lost += not transfer.complete
        self._queue_ns = max(self._queue_ns, transfer.queue_ns)

    def deliver(self, frame: bytes) -> None:
        """Report that the receiver has the frame."""
        self._arrived_ns = self._now_ns
        self._reported = self._transfer()
        self._on_delivery(self._reported, frame)

    def close(self) -> None:
        """Report the final counts: what has changed since the delivery, or that there was none."""
        final = self._transfer()
        if self._reported is None:
            self._reported = final
            self._on_delivery(final, b"")
        self._on_close(None if final == self._reported else final)

    @property
    def _now_ns(self) -> int:
        return int(self._path.env.now)

    def _transfer(self) -> Transfer:
        return Transfer(
            source=self._path.source,
            target=self._path.target,
            size_bytes=self._size_bytes,
            link_bytes=self._link_bytes,
            packets_sent=self._packets,
            packets_lost=self._lost,
            sent_ns=self._sent_ns,
            arrived_ns=self._arrived_ns,
            queue_ns=self._queue_ns,
            complete=self.delivered,
            retransmissions=self._retransmissions,
        )
