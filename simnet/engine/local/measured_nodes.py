"""Nodes whose calls are timed: what the kernel's thread spends on them, apart from what it spends on links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.engine.timing.core_budget import ENGINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simnet.engine.kernel.port import Announcements, CarriedNodes, Costs, Packets, Take
    from simnet.engine.timing.thread_timer import ThreadTimer
    from simnet.records.grants import Capture, Coded, Decision, Delivery, Plan


class MeasuredNodes:
    """Hands everything on to `nodes` (`kernel.port.CarriedNodes`), and counts it as a part of `timer`."""

    def __init__(self, nodes: CarriedNodes, timer: ThreadTimer) -> None:
        self._nodes, self._timer = nodes, timer

    def open(self, packets: Mapping[str, Packets]) -> Announcements:
        """See `Nodes`."""
        return self._nodes.open(packets)

    def capture(self, grant: Capture) -> Take | None:
        """See `Nodes`."""
        with self._timer.part(ENGINE):
            take = self._nodes.capture(grant)
        if take is None:
            return None

        def taken() -> Coded | None:
            with self._timer.part(ENGINE):
                return take()

        return taken

    def start(self) -> Plan:
        """See `Nodes`."""
        with self._timer.part(ENGINE):
            return self._nodes.start()

    def deliver(self, delivery: Delivery) -> Plan:
        """See `Nodes`."""
        with self._timer.part(ENGINE):
            return self._nodes.deliver(delivery)

    def wake(self, now_ns: int) -> Plan:
        """See `Nodes`."""
        with self._timer.part(ENGINE):
            return self._nodes.wake(now_ns)

    def decode(self, decision: Decision, data: bytes) -> None:
        """See `Nodes`."""
        with self._timer.part(ENGINE):
            self._nodes.decode(decision, data)

    def finish(self) -> None:
        """See `Nodes`."""
        with self._timer.part(ENGINE):
            self._nodes.finish()

    @property
    def is_live(self) -> bool:
        """See `CarriedNodes`."""
        return self._nodes.is_live

    def wait(self, seconds: float) -> None:
        """See `CarriedNodes`."""
        with self._timer.part(ENGINE):
            self._nodes.wait(seconds)

    def costs(self) -> Costs:
        """See `CarriedNodes`."""
        return self._nodes.costs()
