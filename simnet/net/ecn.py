"""Explicit congestion notification: the two bits of a packet's IP header that queues may change (RFC 3168, RFC 9331)."""

from __future__ import annotations

from typing import Final

NOT_ECT: Final = 0
ECT_1: Final = 1
ECT_0: Final = 2
CE: Final = 3

CODEPOINTS: Final = {"none": NOT_ECT, "classic": ECT_0, "l4s": ECT_1}
"""What a sender writes, by the name in scenarios."""


class EcnField:
    """The field of one packet on its way. A queue that marks it does so before the packet's passage is known."""

    __slots__ = ("codepoint",)

    def __init__(self, codepoint: int) -> None:
        self.codepoint = codepoint

    @property
    def is_capable(self) -> bool:
        """Whether a queue may mark the packet instead of dropping it."""
        return self.codepoint != NOT_ECT

    @property
    def is_scalable(self) -> bool:
        """Whether the packet belongs to the low-latency service: ECT(1), or marked on the way (RFC 9331, section 5.1)."""
        return self.codepoint in {ECT_1, CE}

    def mark(self) -> None:
        """Write CE: congestion experienced."""
        self.codepoint = CE
