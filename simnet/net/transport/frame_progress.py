"""How far a frame that is sent packet by packet has come: counted while packets travel, told as `Transfer`s."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.net.transport.transfer import Transfer

if TYPE_CHECKING:
    from simnet.net.transport.transport import Closed, Delivered, Path


class FrameProgress:
    """Counts one frame's packets and tells the sender's callbacks, each at most once."""

    def __init__(self, path: Path, size_bytes: int, on_delivery: Delivered, on_close: Closed) -> None:
        self._path, self._size_bytes = path, size_bytes
        self._on_delivery, self._on_close = on_delivery, on_close
        self._sent_ns = self._now_ns
        self._arrived_ns: int | None = None
        self._packets = self._lost = self._link_bytes = self._again = self._queue_ns = 0
        self._told: Transfer | None = None
        self.in_flight = 0
        """Packets whose end is not known yet."""

    @property
    def delivered(self) -> bool:
        """Whether the receiver has the frame."""
        return self._arrived_ns is not None

    def sent(self, link_bytes: int, *, again: bool = False) -> None:
        """A packet is sent, or sent again; `link_bytes` is what enters the first link."""
        self.in_flight += 1
        self._packets += 1
        self._again += again
        self._link_bytes += link_bytes

    def ended(self, transfer: Transfer) -> None:
        """A packet has arrived or is known to be lost."""
        self.in_flight -= 1
        self._lost += not transfer.complete
        self._queue_ns = max(self._queue_ns, transfer.queue_ns)

    def deliver(self, frame: bytes) -> None:
        """The receiver has the frame."""
        self._arrived_ns = self._now_ns
        self._told = self._transfer()
        self._on_delivery(self._told, frame)

    def close(self) -> None:
        """Nothing more happens: tell what has changed since the delivery, or that there is none."""
        final = self._transfer()
        if self._told is None:
            self._told = final
            self._on_delivery(final, b"")
        elif final != self._told:
            self._told = final
            self._on_close(final)

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
            retransmissions=self._again,
        )
