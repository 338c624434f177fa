"""A planner that also allots bit rates: the plans of `FusionPlanner`, with allotments as further feedback once a period."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet.nodes.allotment import Allotter
from simnet.nodes.allotment_setup import AllotmentSetup
from simnet.nodes.fusion import FusionPlanner
from simnet.nodes.fusion_setup import FusionSetup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simnet.nodes.fusion_state import PlannerState
    from simnet.records import Scenario
    from simnet.records.grants import Delivery, Plan, SideChange


class AllottingPlanner:
    """Fusion's planner of a scenario; without `fusion.allotment` it plans as `FusionPlanner` does."""

    def __init__(self, scenario: Scenario, verify: Callable[[str, bytes], bool]) -> None:
        self._planner = FusionPlanner(FusionSetup.of(scenario), verify)
        setup = AllotmentSetup.of(scenario)
        self._allotter = None if setup is None else Allotter(setup)

    @property
    def state(self) -> PlannerState:
        """See `FusionPlanner.state`."""
        if self._allotter is None:
            return self._planner.state
        return replace(self._planner.state, allotment=self._allotter.state)

    def restore(self, state: PlannerState) -> None:
        """See `FusionPlanner.restore`."""
        self._planner.restore(state)
        if self._allotter is not None and state.allotment is not None:
            self._allotter.restore(state.allotment)

    def start(self) -> Plan:
        """Return the plan before the first grant: the time of the first wake-up, and the first allotments."""
        return self._allotted(self._planner.start(), 0, ())

    def deliver(self, delivery: Delivery) -> Plan:
        """Handle a delivery at its time."""
        if self._allotter is None:
            return self._planner.deliver(delivery)
        self._allotter.on_delivery(delivery)
        return self._waking(self._planner.deliver(delivery), delivery.time_ns)

    def wake(self, now_ns: int, changes: Sequence[SideChange] = ()) -> Plan:
        """Handle a wake-up: decide, report and allot what is due at `now_ns`."""
        return self._allotted(self._planner.wake(now_ns), now_ns, changes)

    def _allotted(self, plan: Plan, now_ns: int, changes: Sequence[SideChange]) -> Plan:
        if self._allotter is None:
            return plan
        told = self._allotter.act(now_ns, changes)
        return self._waking(replace(plan, feedback=(*plan.feedback, *told)), now_ns)

    def _waking(self, plan: Plan, now_ns: int) -> Plan:
        """Return a plan that also wakes when rates are allotted or told next."""
        assert self._allotter is not None, "it has one"
        self._allotter.on_decisions(plan.decisions)
        due_ns = self._allotter.due_ns
        if due_ns is None:
            return plan
        # A frame can arrive at the very time of an allotment, which then is a moment late: only a wake-up brings changes.
        due_ns = max(due_ns, now_ns + 1)
        return replace(plan, wake_ns=due_ns if plan.wake_ns is None else min(plan.wake_ns, due_ns))
