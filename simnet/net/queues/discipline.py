"""The interface of queues that choose the next packet, and the packets in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.net.ecn import EcnField
    from simnet.net.passage import Passage


class QueuedPacket(NamedTuple):
    """A packet that waits since `entered_ns`; `on_passage` receives its passage once that is known."""

    entered_ns: int
    size_bytes: int
    priority: int
    on_passage: Callable[[list[Passage]], None]
    ecn: EcnField | None = None
    """The packet's field for marks; None: it cannot be marked."""


class QueueDiscipline(Protocol):
    """A queue bounded in bytes; the packet in service does not count."""

    @property
    def size_bytes(self) -> int:
        """Bytes in the queue."""
        ...

    @property
    def packets(self) -> int:
        """Packets in the queue."""
        ...

    def push(self, packet: QueuedPacket) -> None:
        """Add a packet of any size, since the transmitter is free."""
        ...

    def offer(self, packet: QueuedPacket) -> list[QueuedPacket]:
        """Add a packet if it fits or other packets can make room; return the dropped packets, perhaps `packet` itself."""
        ...

    def pop(self, now_ns: int) -> tuple[QueuedPacket | None, list[QueuedPacket]]:
        """Remove and return the next packet, None if the queue is empty, and the packets dropped on the way."""
        ...
