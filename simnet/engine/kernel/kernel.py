"""The kernel: one run's clock, its network and its turns.

    capture ──grant──▶ camera            t
    coded   ◀────────── take()           t + encode_ns
    transport ── network ── delivery ──▶ fusion
                                          │ its plan, at once
                 decisions ──▶ decode     │
                 feedback ──── network ──▶ camera's next grant
                 wake_ns ──▶ wake         │

The kernel owns SimPy's clock and tells the ledger every event in virtual order. It does not know where nodes are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import simpy

from simnet.engine.kernel.pace import as_fast_as_possible
from simnet.engine.kernel.port import Packets, checked_wake
from simnet.engine.kernel.scenario_network import network_of
from simnet.interrupts import CancelToken
from simnet.net import SLICE_HEADER, Path, call_after, header_bytes, open_paced, open_stream_transport
from simnet.nodes.schedule import Schedule
from simnet.records.grants import Capture, Delivery, Feedback

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.engine.kernel.pace import PassTime
    from simnet.engine.kernel.port import Announcements, Nodes, Take
    from simnet.engine.results.ledger import Ledger
    from simnet.net import LinkStatistics, Network, NetworkEvent, PacedTransport, Transfer, Transport
    from simnet.records import CameraConfig, Scenario, StreamConfig
    from simnet.records.grants import Plan

FEEDBACK_PRIORITY = 1_000_000
"""Above all streams'."""


@dataclass(slots=True)
class _Stream:
    """One stream between its camera and fusion."""

    name: str
    node: str
    encode_ns: int
    schedule: Schedule
    packets: Packets
    transport: Transport
    paced: PacedTransport | None = None
    """The transport, if it is under congestion control."""
    inbox: list[Feedback] = field(default_factory=list[Feedback])
    """Feedback that has arrived since the last grant."""


class Kernel:
    """One run's clock."""

    def __init__(
        self,
        scenario: Scenario,
        nodes: Nodes,
        ledger: Ledger,
        *,
        pass_time: PassTime = as_fast_as_possible,
        progress: Callable[[int], None] = lambda _: None,
        cancel: CancelToken | None = None,
    ) -> None:
        """Make the network of a run.

        Args:
            scenario: What to run.
            nodes: Its cameras and fusion, not open yet.
            ledger: Is told every event, in virtual order.
            pass_time: Runs the clock.
            progress: Called with every virtual time at which cameras capture.
            cancel: Ends the run at the next such time.

        Raises:
            InputError: Links lead nowhere.
        """
        self._scenario, self._nodes, self._ledger = scenario, nodes, ledger
        self._pass_time, self._progress, self._cancel = pass_time, progress, cancel or CancelToken()
        self._env = simpy.Environment(0)
        self._after = partial(call_after, self._env)
        self._network = network_of(scenario, self._env)
        carriers = {camera.name: (camera, node.name) for node in scenario.nodes for camera in node.cameras}
        self._streams = {stream.name: self._stream(stream, *carriers[stream.name]) for stream in scenario.streams}
        self._undecided: dict[tuple[str, int], bytes] = {}
        """Frames that have arrived and that fusion has not decided on."""
        self._wake_number = 0
        self._told_ns = -1
        self._deadline_ns = scenario.fusion.deadline_ns

    @property
    def network(self) -> Network:
        """All links, for watchers."""
        return self._network

    def open(self) -> Announcements:
        """Open all nodes; return what each stream announces.

        Raises:
            SimnetError: A codec, a model or a host is not there.
        """
        return self._nodes.open({name: stream.packets for name, stream in self._streams.items()})

    def run(self) -> list[LinkStatistics]:
        """Run the clock until nothing is left to happen; return what each link did."""
        self._follow(self._nodes.start(), self._now_ns)
        for stream in self._streams.values():
            if stream.schedule.count:
                self._after(stream.schedule.capture_ns(0), partial(self._capture, stream, 0))
        self._pass_time(self._env)
        self._nodes.finish()
        links = self._network.statistics()
        for link in links:
            if link.traffic_sent_bytes:
                sent = link.traffic_sent_bytes, link.traffic_delivered_bytes
                self._ledger.carried_traffic(link.link, *sent, self._now_ns)
        return links

    def events(self) -> list[NetworkEvent]:
        """Return the outages and hand-overs until now."""
        return self._network.events()

    @property
    def _now_ns(self) -> int:
        return self._env.now  # pyright: ignore[reportReturnType]: all delays are integers

    def _stream(self, stream: StreamConfig, camera: CameraConfig, node: str) -> _Stream:
        path = Path(self._env, self._network, node, self._scenario.fusion.node, stream.priority, stream.name)
        paced = open_paced(stream.rate, path, camera.period_ns)
        header = header_bytes(stream.transport) + (SLICE_HEADER.size if stream.slices > 1 else 0)
        packets = Packets(path.payload_capacity(header), path.packet_sizes()[1] + header)
        schedule = Schedule.of(camera, self._scenario.duration_ns)
        transport = paced or open_stream_transport(stream, path)
        return _Stream(stream.name, node, stream.encode_ns, schedule, packets, transport, paced)

    def _capture(self, stream: _Stream, sequence: int, _event: simpy.Event) -> None:
        now_ns, inbox = self._now_ns, stream.inbox
        target_bps = None if stream.paced is None else stream.paced.target_bps
        grant = Capture(stream.name, sequence, now_ns, tuple(inbox), target_bps)
        if inbox:
            inbox.clear()
        self._ledger.captured(stream.name, sequence, now_ns)
        if now_ns != self._told_ns:  # many cameras may capture at the same time
            self._told_ns = now_ns
            self._cancel.raise_if_set()
            self._progress(now_ns)
        take = self._nodes.capture(grant)
        if take is None:
            self._ledger.node_lost(stream.name, sequence, now_ns)
        else:
            self._after(stream.encode_ns, partial(self._coded, stream, grant, take))
        schedule = stream.schedule
        if now_ns + schedule.period_ns < schedule.end_ns:
            self._after(schedule.period_ns, partial(self._capture, stream, sequence + 1))

    def _coded(self, stream: _Stream, grant: Capture, take: Take, _event: simpy.Event) -> None:
        coded = take()
        if coded is None:
            self._ledger.node_lost(stream.name, grant.sequence, self._now_ns)
            return
        self._ledger.coded(stream.name, coded, self._now_ns)
        stream.transport.send(
            coded.data,
            grant.time_ns + self._deadline_ns,
            partial(self._delivered, stream.name, coded.sequence),
            partial(self._closed, stream.name, coded.sequence),
        )

    def _closed(self, stream: str, sequence: int, transfer: Transfer | None) -> None:
        if transfer is not None:
            self._ledger.closed(stream, sequence, transfer, self._now_ns)
        self._ledger.settled(stream, sequence)

    def _delivered(self, stream: str, sequence: int, transfer: Transfer, data: bytes) -> None:
        now_ns = self._now_ns
        self._ledger.arrived(stream, sequence, transfer, now_ns)
        if data:  # of a sliced frame also what arrived of it
            self._undecided[stream, sequence] = data
        delivery = Delivery(
            stream,
            sequence,
            now_ns,
            transfer.sent_ns,
            transfer.complete,
            transfer.link_bytes,
            transfer.packets_sent,
            transfer.packets_lost,
            transfer.queue_ns,
            data,
        )
        self._follow(self._nodes.deliver(delivery), now_ns)

    def _follow(self, plan: Plan, now_ns: int) -> None:
        for decision in plan.decisions:
            self._ledger.decided(decision, now_ns)
            data = self._undecided.pop((decision.stream, decision.sequence), None)
            if decision.ready_ns is not None and data is not None:
                self._nodes.decode(decision, data)
        for feedback in plan.feedback:
            self._feed_back(feedback)
        self._wake_number += 1
        if plan.wake_ns is not None:
            wake_ns = checked_wake(plan.wake_ns, now_ns, self._scenario)
            self._after(wake_ns - now_ns, partial(self._wake, self._wake_number))

    def _wake(self, number: int, _event: simpy.Event) -> None:
        # A later plan has said anew when to wake.
        if number == self._wake_number:
            now_ns = self._now_ns
            self._follow(self._nodes.wake(now_ns), now_ns)

    def _feed_back(self, feedback: Feedback) -> None:
        stream = self._streams[feedback.stream]

        def arrive(transfer: Transfer) -> None:
            self._ledger.fed_back(feedback, self._now_ns, transfer.complete)
            if transfer.complete:
                stream.inbox.append(feedback)

        fusion = self._scenario.fusion
        content = self._network.content(feedback.stream, "feedback", self._now_ns)
        self._network.send(
            fusion.node, stream.node, fusion.feedback_bytes, arrive, priority=FEEDBACK_PRIORITY, content=content
        )
