"""The observer of a network's packets: what sends carry, and how each packet passes each link.

    offered ──▶ link ──▶ passed        one call per packet and link each; without an observer there are no calls

Observation changes nothing: links move sizes and know of no content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.passage import Passage
    from simnet.net.transfer import OpenTransfer


class PacketObserver(Protocol):
    """Receives calls in order of virtual time, from within the run: it must be quick and must not change its arguments."""

    def offered(self, transfer: OpenTransfer, hop: int, number: int, packets: int, now_ns: int) -> None:
        """Packets `number` to `number + packets - 1` of a transfer reach the start of link `transfer.route[hop]` now."""
        ...

    def passed(self, transfer: OpenTransfer, hop: int, number: int, passages: Sequence[Passage]) -> None:
        """The packets from `number` on have these passages: each arrives or is lost at its time, now or later."""
        ...
