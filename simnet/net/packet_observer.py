"""What a network tells whoever watches its packets: what sends carry, and how each packet passes each link.

    offered ──▶ link ──▶ passed        once a packet and link each; with nobody watching, neither is made

Watching changes nothing: links move sizes and know of no content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.links.link import Passage
    from simnet.net.transport.transfer import OpenTransfer

ContentKind = Literal["media", "again", "repair", "acknowledgement", "feedback"]
"""First sendings, what is sent again, what an erasure code adds, and what goes back."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one send carries. Where its size is larger than `data`, the rest is known as a size alone."""

    flow: str
    """The stream's name."""
    kind: ContentKind
    data: bytes
    until_ns: int
    """When the frame has to be there (capture + deadline): tells the stream's frames apart. Of feedback: when it is sent."""
    is_last: bool = True
    """Whether the send's last packet is the frame's last of its kind."""


class PacketObserver(Protocol):
    """Told in order of virtual time, from within the run: must be quick, and must not change what it is shown."""

    def offered(self, transfer: OpenTransfer, hop: int, number: int, packets: int, now_ns: int) -> None:
        """Packets `number` to `number + packets - 1` of a transfer are at the start of link `transfer.route[hop]` now."""
        ...

    def passed(self, transfer: OpenTransfer, hop: int, number: int, passages: Sequence[Passage]) -> None:
        """These are the passages of packets from `number` on: each arrives or is lost at its time, now or later."""
        ...
