"""The interface of a link to the network, the same for every queue and medium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.net.ecn import EcnField
    from simnet.net.link_statistics import LinkStatistics
    from simnet.net.passage import OnPassages
    from simnet.records import LinkConfig
    from simnet.records.telemetry import LinkLoad


class Hop(Protocol):
    """One direction of a link: `Link`, `ScheduledLink` or `SharedLink`."""

    @property
    def config(self) -> LinkConfig:
        """Configuration of the link in the scenario."""
        ...

    @property
    def payload_bytes(self) -> int:
        """Largest payload of a packet, its overhead excluded."""
        ...

    def carry(
        self,
        now_ns: int,
        sizes_bytes: Sequence[int],
        priority: int,
        on_passages: OnPassages,
        ecn: EcnField | None = None,
        /,
    ) -> None:
        """Accept packets, sizes with overhead, and report the passage of each once, now or later.

        A queue may write congestion into `ecn`, a field that packets of one call share.
        """
        ...

    def cost_ns(self, now_ns: int) -> tuple[int, bool]:
        """Return delay plus service time of a full packet that starts now, and whether it would arrive."""
        ...

    def rate_bps(self, now_ns: int) -> tuple[float, bool]:
        """Return the approximate bit rate of a full packet that starts now, and whether it would arrive."""
        ...

    def load(self, now_ns: int) -> LinkLoad:
        """Return the recent load: what was offered over what the link can send now. Changes nothing."""
        ...

    def statistics(self, now_ns: int) -> LinkStatistics:
        """Return the counts of the link until `now_ns`."""
        ...
