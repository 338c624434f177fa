"""The broker: it owns the clock, grants nodes their turns and moves what they make through the network.

At a capture it posts a grant and goes on; the result is due when coding ends in virtual time, and only there does it
block in wall time. So cameras code in parallel, and nothing depends on the order in which answers come.

    capture ──grant──▶ camera host        t
    coded   ◀─result─┘                    t + encode_ns: the broker blocks until it is there
    network.send ... delivery ──▶ fusion  its plan at once; pictures are fetched later, a bounded number behind

Paced, it waits for the wall clock before each instant, in the socket's poll.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import simpy

from simnet.engine.recovery import marshalling
from simnet.engine.remote.pending_pictures import AwaitedPictures
from simnet.errors import NodeLostError
from simnet.net import Network, Path, header_bytes, open_transport
from simnet.nodes.camera import Coded
from simnet.nodes.schedule import Schedule
from simnet.records.grants import (
    Capture,
    Delivery,
    Feedback,
    Plan,
)
from simnet.tracks import poses
from simnet.wire.protocol.messages import Message
from simnet.wire.protocol.serialization import pack_records

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from simnet.engine.kernel.pace import Pace
    from simnet.engine.remote.node_client import Hosts
    from simnet.engine.remote.placement import HostPlan
    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.scorer import Scorer
    from simnet.net import LinkStatistics, NetworkEvent, Transfer
    from simnet.records import Scenario, StreamConfig

FEEDBACK_PRIORITY = 1_000_000
"""Above all streams'."""


class Broker:
    """One run's clock."""

    def __init__(
        self,
        scenario: Scenario,
        hosts: Hosts,
        ledger: Ledger,
        scorer: Scorer,
        progress: Callable[[int], None],
        pace: Pace | None = None,
    ) -> None:
        self._scenario, self._hosts, self._ledger = scenario, hosts, ledger
        self._pictures = AwaitedPictures(scenario, hosts, ledger, scorer)
        self._progress, self._pace = progress, pace
        self._plans: Sequence[HostPlan] = ()
        self._host_of: dict[str, str] = {}
        self._fusion_host = ""
        self._undecided: dict[tuple[str, int], bytes] = {}
        self._env = simpy.Environment(0)
        trajectories = {node.name: node.trajectory for node in scenario.nodes}
        self._network = Network(
            self._env,
            scenario.links,
            scenario.seed,
            lambda a, b, t_ns: poses.distance_m(trajectories[a], trajectories[b], t_ns),
            scenario.media,
        )
        self._node_of = {camera.name: node.name for node in scenario.nodes for camera in node.cameras}
        self._stream_of = {stream.name: stream for stream in scenario.streams}
        self._transports = {
            stream.name: open_transport(stream.transport, self._path(stream.name)) for stream in scenario.streams
        }
        self._inbox: dict[str, list[Feedback]] = {stream.name: [] for stream in scenario.streams}
        self._wake_number = 0
        self._announced: int | None = None
        self.announcements: dict[str, object] = {}
        """What each stream announced when its encoder opened, plain."""
        self.first_coded = 0.0
        """When (`time.perf_counter`) the first coded frame was there."""
        self.lost: dict[str, str] = {}
        """Hosts that the run goes on without, and why."""

    def open(self, plans: Sequence[HostPlan], answer_delay_s: float, overrides: Sequence[str] = ()) -> None:
        """Open every node on its host: encoders first, all at once, then the decoders of what they announce.

        Args:
            plans: What each host carries; each stream and fusion are on one.
            answer_delay_s: The longest random pause before an answer.
            overrides: What the scenario was loaded with, for hosts that look for the world by themselves.
        """
        self._plans = plans
        self._host_of = {stream: plan.name for plan in plans for stream in plan.streams}
        self._fusion_host = next(plan.name for plan in plans if plan.fusion)
        payload = pack_records(self._scenario)
        posted = []
        for plan in self._plans:
            header = {
                "streams": [self._packets(stream) for stream in plan.streams],
                "fusion": plan.fusion,
                "threads": plan.threads,
                "answer_delay_s": float(answer_delay_s),
                "overrides": list(overrides),
            }
            posted.append((plan.name, self._hosts.post(plan.name, Message("open", header, (payload,)))))
        announcements = {}
        for host, request in posted:
            announcements |= _unpack(self._hosts.result(host, request, "its nodes to open"))
        self.announcements = announcements
        self._announced = self._hosts.post(self._fusion_host, Message("announce", {}, (pack_records(announcements),)))

    def run(self) -> list[LinkStatistics]:
        """Run the clock until nothing is left to happen; return what each link did."""
        for stream in self._scenario.streams:
            self._env.process(self._camera(stream))
        self._ask_fusion(Message("wake", {"time_ns": 0}), "its first plan")
        self._pass_time()
        self._pictures.fetch_all()
        return self._network.statistics()

    def events(self) -> list[NetworkEvent]:
        """Return the outages and hand-overs until now."""
        return self._network.events()

    def tally(self) -> list[Message]:
        """Return what each host has taken: peak memory and seconds by part."""
        left = [plan.name for plan in self._plans if plan.name not in self.lost]
        posted = [(host, self._hosts.post(host, Message("tally"))) for host in left]
        ends = []
        for host, request in posted:
            with suppress(NodeLostError):  # all else it had to say is there
                ends.append(self._hosts.result(host, request, "what it took"))
        return ends

    def _pass_time(self) -> None:
        if self._pace is None:
            self._env.run()
            return
        while (at := self._env.peek()) != float("inf"):
            # What an earlier process has gone through before is not paced again.
            if self._hosts.is_live:
                self._hosts.wait(self._pace.left_s(int(at)))
                self._pace.begin(int(at))
            self._env.step()

    @property
    def network(self) -> Network:
        """All links, for those who watch."""
        return self._network

    @property
    def _now_ns(self) -> int:
        return int(self._env.now)

    def _camera(self, stream: StreamConfig) -> Generator[simpy.Event, None, None]:
        schedule = Schedule.of(self._scenario.cameras[stream.name], self._scenario.duration_ns)
        for sequence in range(schedule.count):
            yield self._env.timeout(schedule.capture_ns(sequence) - self._now_ns)
            self._capture(stream, sequence)

    def _capture(self, stream: StreamConfig, sequence: int) -> None:
        name, now_ns = stream.name, self._now_ns
        grant = Capture(name, sequence, now_ns, tuple(self._inbox[name]))
        self._inbox[name].clear()
        self._ledger.captured(name, sequence, now_ns)
        self._progress(now_ns)
        if self._host_of[name] in self.lost:
            self._ledger.node_lost(name, sequence, now_ns)
            return
        request = self._hosts.post(self._host_of[name], marshalling.capture_message(grant))
        due = self._env.timeout(stream.encode_ns)
        due.callbacks.append(lambda _: self._coded(stream, sequence, request))

    def _coded(self, stream: StreamConfig, sequence: int, request: int) -> None:
        name = stream.name
        reply = self._frame(name, sequence, request)
        if reply is None:
            self._ledger.node_lost(name, sequence, self._now_ns)
            return
        self.first_coded = self.first_coded or time.perf_counter()
        coded = Coded(sequence, reply.header["quality"], reply.payloads[0])
        self._ledger.coded(name, coded, self._now_ns)
        captured_ns = Schedule.of(self._scenario.cameras[name], self._scenario.duration_ns).capture_ns(sequence)
        self._transports[name].send(
            coded.data,
            captured_ns + self._scenario.fusion.deadline_ns,
            lambda transfer, data: self._delivered(name, coded, transfer, data),
            lambda transfer: self._ledger.closed(name, sequence, transfer, self._now_ns),
        )

    def _frame(self, name: str, sequence: int, request: int) -> Message | None:
        """Return the coded frame; None where its host is gone and the scenario takes that for a fault."""
        host = self._host_of[name]
        if host in self.lost:
            return None
        try:
            return self._hosts.result(host, request, f"frame {sequence} of {name}")
        except NodeLostError as error:
            if self._scenario.node_loss.action != "fault" or host == self._fusion_host:
                raise
            self.lost[host] = error.reason
            self._hosts.give_up(host, request, error.reason)
            self._ledger.fault(host, error.reason, self._now_ns)
            return None

    def _delivered(self, name: str, coded: Coded, transfer: Transfer, data: bytes) -> None:
        self._ledger.arrived(name, coded.sequence, transfer, self._now_ns)
        delivery = Delivery(
            stream=name,
            sequence=coded.sequence,
            time_ns=self._now_ns,
            sent_ns=transfer.sent_ns,
            complete=transfer.complete,
            link_bytes=transfer.link_bytes,
            packets_sent=transfer.packets_sent,
            packets_lost=transfer.packets_lost,
            queue_ns=transfer.queue_ns,
            data=data,
        )
        if self._announced is not None:
            self._hosts.result(self._fusion_host, self._announced, "its decoders to open")
            self._announced = None
        if transfer.complete:
            self._undecided[name, coded.sequence] = data
        self._ask_fusion(marshalling.delivery_message(delivery), f"its plan for frame {coded.sequence} of {name}")

    def _ask_fusion(self, grant: Message, what: str) -> None:
        """Give fusion its turn now, and do what it plans."""
        request = self._hosts.post(self._fusion_host, grant)
        self._follow(marshalling.plan_of(self._hosts.result(self._fusion_host, request, what)))

    def _follow(self, plan: Plan) -> None:
        for decision in plan.decisions:
            self._ledger.decided(decision, self._now_ns)
            data = self._undecided.pop((decision.stream, decision.sequence), None)
            if decision.ready_ns is not None and data is not None:
                self._pictures.ask(self._fusion_host, decision, data)
        for feedback in plan.feedback:
            self._feed_back(feedback)
        self._wake_number += 1
        if plan.wake_ns is not None:
            number = self._wake_number
            wake = self._env.timeout(plan.wake_ns - self._now_ns)
            wake.callbacks.append(lambda _: self._wake(number))

    def _wake(self, number: int) -> None:
        # A later plan has said anew when to wake.
        if number == self._wake_number:
            self._ask_fusion(Message("wake", {"time_ns": self._now_ns}), "its plan when woken")

    def _feed_back(self, feedback: Feedback) -> None:
        def arrive(transfer: Transfer) -> None:
            self._ledger.fed_back(feedback, self._now_ns, transfer.complete)
            if transfer.complete:
                self._inbox[feedback.stream].append(feedback)

        fusion = self._scenario.fusion
        camera = self._node_of[feedback.stream]
        content = self._network.content(feedback.stream, "feedback", self._now_ns)
        self._network.send(
            fusion.node, camera, fusion.feedback_bytes, arrive, priority=FEEDBACK_PRIORITY, content=content
        )

    def _packets(self, stream: str) -> dict[str, object]:
        header = header_bytes(self._stream_of[stream].transport)
        payload, overhead = self._path(stream).payload_capacity(header), self._path(stream).packet_sizes()[1]
        return {"name": stream, "payload_bytes": payload, "overhead_bytes": overhead + header}

    def _path(self, stream: str) -> Path:
        priority = self._stream_of[stream].priority
        return Path(self._env, self._network, self._node_of[stream], self._scenario.fusion.node, priority, stream)


def _unpack(opened: Message) -> dict[str, object]:
    from simnet.wire.protocol.serialization import unpack_records

    return unpack_records(opened.payloads[0])
