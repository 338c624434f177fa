"""A run in one thread: the clock, cameras, links and fusion's planner, calling each other.

Where every stream's frames are recorded sizes (`codec.recorded_sizes`), or nearly all that is coded and decoded has been before
(the cells of a sweep), no node has work that is worth a process or a message of its own. The nodes are the same pure functions,
granted the same turns in the same order as by `broker`, so the same events and pictures come of it.

    capture ── camera.step ──▶ t + encode_ns ── transport ──▶ delivery ── planner ──▶ decisions, feedback
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import simpy

from simnet.codec import recorded_sizes
from simnet.codec.bitstream import framing
from simnet.engine.remote.broker_loop import FEEDBACK_PRIORITY
from simnet.errors import InputError
from simnet.net import Network, Path, Transport, header_bytes, open_transport
from simnet.nodes import camera
from simnet.nodes.camera import CameraSetup, CameraState, Coded
from simnet.nodes.fusion import FusionPlanner
from simnet.nodes.fusion_setup import FusionSetup
from simnet.nodes.rate_state import RateSetup
from simnet.nodes.schedule import Schedule
from simnet.records.grants import Capture, Delivery, Feedback
from simnet.tracks import poses

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.engine.local.coders import Coding
    from simnet.engine.results.ledger import Ledger
    from simnet.net import LinkStatistics, NetworkEvent, Transfer
    from simnet.records import Announcement, Scenario, StreamConfig
    from simnet.records.grants import Plan


def is_recorded(scenario: Scenario) -> bool:
    """Return whether all streams are recorded sizes.

    Raises:
        InputError: Some are and some are not: pictures of the one kind could not serve the other.
    """
    by_kind = {stream.codec == recorded_sizes.NAME: stream for stream in scenario.streams}
    if len(by_kind) > 1:
        real = by_kind[False]
        raise InputError(
            f"streams {by_kind[True].name} with codec {recorded_sizes.NAME} and {real.name} with {real.codec}; "
            f"expected all streams {recorded_sizes.NAME} or none"
        )
    return True in by_kind


@dataclass(slots=True)
class _Camera:
    """One stream at its camera."""

    name: str
    """The stream's."""
    stream: StreamConfig
    node: str
    schedule: Schedule
    setup: CameraSetup
    coding: Coding
    transport: Transport
    state: CameraState
    inbox: list[Feedback] = field(default_factory=list)

    def step(self, grant: Capture) -> Coded:
        self.state, coded = camera.step(self.setup, self.state, grant, partial(self.coding.encode, grant))
        return coded


class DirectRun:
    """One run's clock and all of its nodes."""

    def __init__(self, scenario: Scenario, ledger: Ledger, coding: Coding, progress: Callable[[int], None]) -> None:
        """Open every stream; InputError where links lead nowhere."""
        self._scenario, self._ledger, self._coding, self._progress = scenario, ledger, coding, progress
        self._undecided: dict[tuple[str, int], bytes] = {}
        self._env = simpy.Environment(0)
        ways = {node.name: node.trajectory for node in scenario.nodes}
        self._network = Network(
            self._env,
            scenario.links,
            scenario.seed,
            lambda a, b, t_ns: poses.distance_m(ways[a], ways[b], t_ns),
            scenario.media,
        )
        node_of = {each.name: node.name for node in scenario.nodes for each in node.cameras}
        self._cameras = {stream.name: self._open(stream, node_of[stream.name]) for stream in scenario.streams}
        self._announcements = {name: coding.announcement(name) for name in self._cameras}
        self._planner = FusionPlanner(FusionSetup.of(scenario), _is_key)
        self._wake_number = 0
        self._seen_ns = -1

    @property
    def announcements(self) -> dict[str, Announcement]:
        """What is constant in each stream."""
        return self._announcements

    @property
    def network(self) -> Network:
        """All links, for those who watch."""
        return self._network

    def run(self) -> list[LinkStatistics]:
        """Run the clock until nothing is left to happen; return what each link did."""
        self._follow(self._planner.start())
        for each in self._cameras.values():
            if each.schedule.count:
                self._after(each.schedule.capture_ns(0), partial(self._capture, each, 0))
        self._env.run()
        return self._network.statistics()

    def events(self) -> list[NetworkEvent]:
        """Return the outages and hand-overs until now."""
        return self._network.events()

    @property
    def _now_ns(self) -> int:
        return int(self._env.now)

    def _after(self, delay_ns: int, act: Callable[[simpy.Event], None]) -> None:
        simpy.Timeout(self._env, delay_ns).callbacks.append(act)

    def _open(self, stream: StreamConfig, node: str) -> _Camera:
        config, scenario = self._scenario.cameras[stream.name], self._scenario
        path = Path(self._env, self._network, node, scenario.fusion.node, stream.priority, stream.name)
        header = header_bytes(stream.transport)
        packets = path.payload_capacity(header), path.packet_sizes()[1] + header
        setup = CameraSetup(
            RateSetup(stream.rate, config.period_ns, *packets, stream.transport.repair),
            stream.encode_ns,
            stream.key_interval_ns,
        )
        schedule = Schedule.of(config, scenario.duration_ns)
        transport = open_transport(stream.transport, path)
        return _Camera(stream.name, stream, node, schedule, setup, self._coding, transport, camera.start(setup))

    def _capture(self, each: _Camera, sequence: int, _event: simpy.Event) -> None:
        now_ns = self._now_ns
        grant = Capture(each.name, sequence, now_ns, tuple(each.inbox))
        each.inbox.clear()
        self._ledger.captured(each.name, sequence, now_ns)
        if now_ns != self._seen_ns:
            self._seen_ns = now_ns
            self._progress(now_ns)
        self._after(each.stream.encode_ns, partial(self._coded, each, each.step(grant), now_ns))
        schedule = each.schedule
        if now_ns + schedule.period_ns < schedule.end_ns:
            self._after(schedule.period_ns, partial(self._capture, each, sequence + 1))

    def _coded(self, each: _Camera, coded: Coded, captured_ns: int, _event: simpy.Event) -> None:
        name = each.name
        self._ledger.coded(name, coded, self._now_ns)
        each.transport.send(
            coded.data,
            captured_ns + self._scenario.fusion.deadline_ns,
            partial(self._delivered, name, coded),
            partial(self._closed, name, coded.sequence),
        )

    def _closed(self, name: str, sequence: int, transfer: Transfer) -> None:
        self._ledger.closed(name, sequence, transfer, self._now_ns)

    def _delivered(self, name: str, coded: Coded, transfer: Transfer, data: bytes) -> None:
        now_ns = self._now_ns
        self._ledger.arrived(name, coded.sequence, transfer, now_ns)
        delivery = Delivery(
            name,
            coded.sequence,
            now_ns,
            transfer.sent_ns,
            transfer.complete,
            transfer.link_bytes,
            transfer.packets_sent,
            transfer.packets_lost,
            transfer.queue_ns,
            data,
        )
        if transfer.complete:
            self._undecided[name, coded.sequence] = data
        self._coding.forget(now_ns)
        self._follow(self._planner.deliver(delivery))

    def _follow(self, plan: Plan) -> None:
        for decision in plan.decisions:
            self._ledger.decided(decision, self._now_ns)
            data = self._undecided.pop((decision.stream, decision.sequence), None)
            if decision.ready_ns is not None and data is not None:
                self._coding.decode(decision, data)
        for feedback in plan.feedback:
            self._feed_back(feedback)
        self._wake_number += 1
        if plan.wake_ns is not None:
            self._after(plan.wake_ns - self._now_ns, partial(self._wake, self._wake_number))

    def _wake(self, number: int, _event: simpy.Event) -> None:
        # A later plan has said anew when to wake.
        if number == self._wake_number:
            self._follow(self._planner.wake(self._now_ns))

    def _feed_back(self, feedback: Feedback) -> None:
        each = self._cameras[feedback.stream]

        def arrive(transfer: Transfer) -> None:
            self._ledger.fed_back(feedback, self._now_ns, transfer.complete)
            if transfer.complete:
                each.inbox.append(feedback)

        fusion = self._scenario.fusion
        content = self._network.content(feedback.stream, "feedback", self._now_ns)
        self._network.send(
            fusion.node, each.node, fusion.feedback_bytes, arrive, priority=FEEDBACK_PRIORITY, content=content
        )


def _is_key(_stream: str, data: bytes) -> bool:
    # What arrives whole are the very bytes that were sent: no link alters any.
    return framing.is_key(data)
