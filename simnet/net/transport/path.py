"""The path of a stream: two ends in a network, and what a transport may do between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.net.transfer import Transfer

if TYPE_CHECKING:
    import simpy

    from simnet.net.content import Content, ContentKind
    from simnet.net.ecn import EcnField
    from simnet.net.network import Network

OnDelivery = Callable[[Transfer, bytes], None]
"""Receives a frame once: with its bytes when the receiver has it, or with none when nothing more will arrive."""

OnClose = Callable[[Transfer | None], None]
"""Is called when nothing more happens to a delivered frame: with its final counts if they have changed since."""


@dataclass(frozen=True, slots=True)
class Path:
    """Two ends in a network, as the sender sees them."""

    env: simpy.Environment
    network: Network
    source: str
    target: str
    priority: int = 0
    """Of packets in both directions."""
    flow: str = ""
    """Name of the stream, for packet observers."""

    def send_forward(self, size_bytes: int, on_end: Callable[[Transfer], None], content: Content | None = None) -> None:
        """Send to the receiver."""
        self.network.send(self.source, self.target, size_bytes, on_end, priority=self.priority, content=content)

    def send_marked(
        self, size_bytes: int, on_end: Callable[[Transfer], None], ecn: EcnField, content: Content | None = None
    ) -> None:
        """Send to the receiver a packet that queues may mark."""
        self.network.send(
            self.source, self.target, size_bytes, on_end, priority=self.priority, content=content, ecn=ecn
        )

    def send_reverse(self, size_bytes: int, on_end: Callable[[Transfer], None], content: Content | None = None) -> None:
        """Send to the sender."""
        self.network.send(self.target, self.source, size_bytes, on_end, priority=self.priority, content=content)

    def content(self, kind: ContentKind, until_ns: int, data: bytes, *, is_last: bool = True) -> Content | None:
        """Return the content of a send if the network has an observer."""
        return self.network.content(self.flow, kind, until_ns, data, is_last=is_last)

    def packet_sizes(self) -> tuple[int, int]:
        """Return the largest payload of a packet, and its overhead on the first link, in bytes."""
        return self.network.packet_sizes(self.source, self.target)

    def payload_capacity(self, header_bytes: int) -> int:
        """Return the largest payload of a packet beside a header of the transport.

        Raises:
            InputError: The header leaves no room.
        """
        payload_bytes, _ = self.packet_sizes()
        if payload_bytes <= header_bytes:
            ends = f"from {self.source!r} to {self.target!r}"
            raise InputError(
                f"packets {ends} carry {payload_bytes} bytes; expected more than the transport's header, {header_bytes} bytes"
            )
        return payload_bytes - header_bytes
