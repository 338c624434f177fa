"""What waits in front of a transmitter, and what a queue must do that decides which goes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.net.links.link import Passage


class QueuedPacket(NamedTuple):
    """A packet that waits since `entered_ns`; `told` takes its passage once that is known."""

    entered_ns: int
    size_bytes: int
    priority: int
    told: Callable[[list[Passage]], None]


class QueueDiscipline(Protocol):
    """A queue, bounded in bytes, the packet in service not counted."""

    @property
    def size_bytes(self) -> int:
        """What waits."""
        ...

    @property
    def packets(self) -> int:
        """How many wait."""
        ...

    def push(self, packet: QueuedPacket) -> None:
        """Take a packet in, whatever its size: the transmitter is free."""
        ...

    def offer(self, packet: QueuedPacket) -> list[QueuedPacket]:
        """Take a packet in if there is room, or can be made; return what is dropped, `packet` itself perhaps."""
        ...

    def pop(self, now_ns: int) -> tuple[QueuedPacket | None, list[QueuedPacket]]:
        """Return what goes next, None where nothing waits, and what was dropped in choosing."""
        ...
