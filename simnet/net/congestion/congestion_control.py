"""The interface between a paced transport and its congestion control."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class PacketReport(NamedTuple):
    """What the receiver says of one packet that has arrived."""

    sequence: int
    """From 0, without wrapping."""
    arrived_ns: int
    """By the receiver's clock, to 1/1024 s."""
    is_marked: bool
    """Whether a queue has written CE."""


class CongestionControl(Protocol):
    """Says when a stream may send, and how much its encoder should make."""

    def on_frame(self, now_ns: int, size_bytes: int, queued_bytes: int) -> None:
        """Note a new frame of `size_bytes`, packet headers included; `queued_bytes` wait in the send queue with it."""
        ...

    def may_send(self, now_ns: int, size_bytes: int) -> bool:
        """Return whether a packet may enter the network now; pacing is not its business."""
        ...

    def on_sent(self, now_ns: int, sequence: int, size_bytes: int) -> int:
        """Note a packet that is sent; return the ns until the next one may be."""
        ...

    def on_feedback(self, now_ns: int, reports: Sequence[PacketReport]) -> None:
        """Take in a feedback message: packets that have arrived, ascending; some may have been reported before."""
        ...

    @property
    def target_bps(self) -> float:
        """Bit rate at which the encoder should make bitstreams, without the headers of packets."""
        ...

    @property
    def patience_ns(self) -> int:
        """Time without any packet sent after which `may_send` must be asked again, although no feedback has come."""
        ...
