"""Fusion at work on a host: the planner answers at once, pictures follow in threads of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.codec import recorded_sizes
from simnet.codec.bitstream import slices
from simnet.engine.local.live_decoders import LiveDecoders
from simnet.nodes.allotting_planner import AllottingPlanner
from simnet.nodes.fusion_state import PlannerState
from simnet.records import SECOND_NS
from simnet.wire.protocol.serialization import pack_records, unpack_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from simnet.codec.protocols import Decoder
    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.local.ordered_pool import OrderedPool
    from simnet.engine.timing.thread_timer import ThreadTimer
    from simnet.records import Announcement, Scenario
    from simnet.records.grants import Delivery, Plan, SideChange

STATE_EVERY_NS = SECOND_NS
"""Virtual time between two plans that carry the planner's state; a new planner replays only the grants after it."""


class FusionService:
    """Plans in the calling thread and packs the planner's state; `decoders` decode what was planned."""

    def __init__(self, scenario: Scenario, world: LazyWorld, pool: OrderedPool, timer: ThreadTimer) -> None:
        self._planner = AllottingPlanner(scenario, self._verify)
        self.decoders = LiveDecoders(scenario, world, pool, timer)
        self._announcements: dict[str, Announcement] = {}
        self._state_due_ns = STATE_EVERY_NS

    def announce(self, announcements: Mapping[str, Announcement]) -> list[Future[Decoder]]:
        """Begin to open the decoders of streams that have pictures; see `LiveDecoders.open`."""
        self._announcements.update(announcements)
        return self.decoders.open(
            {name: each for name, each in announcements.items() if each.codec != recorded_sizes.NAME}
        )

    def restore(self, state: bytes) -> None:
        """Go on planning from a state that `deliver` or `wake` returned."""
        self._planner.restore(unpack_records(PlannerState, state))

    def deliver(self, delivery: Delivery) -> tuple[Plan, bytes | None]:
        """Take a delivery in; return the plan and, every so often, the planner's state after it."""
        self.decoders.forget(delivery.time_ns)
        return self._planner.deliver(delivery), self._state(delivery.time_ns)

    def wake(self, now_ns: int, changes: Sequence[SideChange] = ()) -> tuple[Plan, bytes | None]:
        """Do what is due now; time 0 begins the run. Returns what `deliver` does."""
        plan = self._planner.start() if now_ns == 0 else self._planner.wake(now_ns, changes)
        return plan, self._state(now_ns)

    def _verify(self, stream: str, data: bytes) -> bool:
        return slices.verify(data, self._announcements[stream]).key

    def _state(self, now_ns: int) -> bytes | None:
        if now_ns < self._state_due_ns:
            return None
        self._state_due_ns = now_ns + STATE_EVERY_NS
        return pack_records(self._planner.state)
