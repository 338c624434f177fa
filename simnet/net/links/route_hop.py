"""What the network needs of a link, whatever its queue does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.link_statistics import LinkStatistics
    from simnet.net.links.link import Told
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad


class Hop(Protocol):
    """One direction of a link: `Link` where a packet's passage is known as it is offered, else `ScheduledLink`."""

    @property
    def config(self) -> LinkConfig:
        """What the scenario declares."""
        ...

    @property
    def payload_bytes(self) -> int:
        """What a packet carries beside its overhead, at most."""
        ...

    def carry(self, now_ns: int, sizes_bytes: Sequence[int], priority: int, told: Told, /) -> None:
        """Take packets in, sizes with overhead, and tell each one's passage once, now or later."""
        ...

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """Return the delay and service of a full packet, if it started now, and whether it would get through."""
        ...

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """Return about how fast a full packet would be sent now, and whether it would get through."""
        ...

    def load(self, now_ns: int) -> LinkLoad:
        """Return what was offered lately against what the link can send now; changes nothing."""
        ...

    def statistics(self, now_ns: int) -> LinkStatistics:
        """Return what the link did until `now_ns`."""
        ...
