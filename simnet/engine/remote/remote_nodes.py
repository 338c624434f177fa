"""A run's nodes on hosts: grants travel as requests, answers are fetched where the kernel needs them.

    capture ── post ──▶ camera host          take() ── result ──▶ Coded, or None if the host is lost
    deliver, wake ── post, result ──▶ fusion host ──▶ Plan
    decode ── post ──▶ fusion host           fetched later, a bounded number behind

So cameras code in parallel, and nothing depends on the order in which answers come.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from simnet.engine.kernel.port import Costs
from simnet.engine.recovery import marshalling
from simnet.engine.remote.pending_pictures import PendingPictures
from simnet.engine.timing.thread_timer import ThreadTimer
from simnet.errors import NodeLostError
from simnet.records import Announcement
from simnet.wire.protocol.messages import Message
from simnet.wire.protocol.serialization import pack_records, unpack_records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simnet.engine.kernel.port import Announcements, Packets, Results, Take
    from simnet.engine.remote.launcher import HostPool
    from simnet.engine.remote.node_client import NodeClient
    from simnet.engine.remote.placement import HostPlan
    from simnet.records import Scenario
    from simnet.records.grants import Capture, Coded, Decision, Delivery, Plan


class RemoteNodes:
    """A run's nodes, asked over the wire (`kernel.port.CarriedNodes`)."""

    def __init__(
        self,
        scenario: Scenario,
        pool: HostPool,
        client: NodeClient,
        results: Results,
        *,
        has_pictures: bool,
        answer_delay_s: float = 0.0,
        overrides: Sequence[str] = (),
        world_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        """Carry the nodes of a scenario on the hosts of `pool`.

        Args:
            scenario: What to run.
            pool: The hosts, on their way.
            client: Asks them.
            results: Get pictures, scores and faults.
            has_pictures: Whether there is anything to decode.
            answer_delay_s: The longest random pause before an answer; changes nothing but wall time.
            overrides: What the scenario was loaded with, for hosts that look for the world by themselves.
            world_bytes: Peak memory of the processes of this process's world.
        """
        self._scenario, self._pool, self._client, self._results = scenario, pool, client, results
        self._answer_delay_s, self._overrides = float(answer_delay_s), list(overrides)
        self._world_bytes = world_bytes
        self._pictures = PendingPictures(scenario, client, results) if has_pictures else None
        self._encode_ns = {stream.name: stream.encode_ns for stream in scenario.streams}
        self._plans: Sequence[HostPlan] = ()
        self._host_of: dict[str, str] = {}
        self._fusion_host = ""
        self._announced: int | None = None
        """The ticket of the streams' announcement to fusion, until it is answered."""
        self._lost: dict[str, str] = {}
        self._first_coded_s: float | None = None

    def open(self, packets: Mapping[str, Packets]) -> Announcements:
        """See `Nodes`: encoders first, all at once, then the decoders of what they announce."""
        self._plans = self._pool.wait_ready()
        self._host_of = {stream: plan.name for plan in self._plans for stream in plan.streams}
        self._fusion_host = next(plan.name for plan in self._plans if plan.fusion)
        scenario = pack_records(self._scenario)
        posted = [
            (plan.name, self._client.post(plan.name, self._open_message(plan, packets, scenario)))
            for plan in self._plans
        ]
        opened: dict[str, Announcement] = {}
        for host, ticket in posted:
            reply = self._client.result(host, ticket, "its nodes to open")
            opened |= unpack_records(dict[str, Announcement], reply.payloads[0])
        announce = Message("announce", {}, (pack_records(opened),))
        self._announced = self._client.post(self._fusion_host, announce)
        return opened

    def capture(self, grant: Capture) -> Take | None:
        """See `Nodes`."""
        host = self._host_of[grant.stream]
        if host in self._lost:
            return None
        ticket = self._client.post(host, marshalling.capture_message(grant))
        return partial(self._take, grant, host, ticket)

    def start(self) -> Plan:
        """See `Nodes`."""
        return self._ask_fusion(marshalling.wake_message(0), "its first plan")

    def deliver(self, delivery: Delivery) -> Plan:
        """See `Nodes`."""
        if self._announced is not None:
            self._client.result(self._fusion_host, self._announced, "its decoders to open")
            self._announced = None
        what = f"its plan for frame {delivery.sequence} of {delivery.stream}"
        return self._ask_fusion(marshalling.delivery_message(delivery), what)

    def wake(self, now_ns: int) -> Plan:
        """See `Nodes`."""
        changes = () if self._pictures is None else self._pictures.changes(now_ns)
        return self._ask_fusion(marshalling.wake_message(now_ns, changes), "its plan when woken")

    def decode(self, decision: Decision, data: bytes) -> None:
        """See `Nodes`."""
        if self._pictures is not None:
            self._pictures.ask(self._fusion_host, decision, data)

    def finish(self) -> None:
        """See `Nodes`."""
        if self._pictures is not None:
            self._pictures.fetch_all()

    @property
    def is_live(self) -> bool:
        """See `CarriedNodes`."""
        return self._client.is_live

    def wait(self, seconds: float) -> None:
        """See `CarriedNodes`; takes in what hosts say meanwhile."""
        self._client.wait(seconds)

    def costs(self) -> Costs:
        """See `CarriedNodes`."""
        left = [plan.name for plan in self._plans if plan.name not in self._lost]
        posted = [(host, self._client.post(host, Message("tally"))) for host in left]
        seconds, peak_bytes = ThreadTimer(), self._world_bytes()
        for host, ticket in posted:
            with suppress(NodeLostError):  # all its other answers are there
                tally = self._client.result(host, ticket, "what it took").header
                peak_bytes += tally["peak_rss_bytes"]
                seconds.add({item["part"]: item["seconds"] for item in tally["seconds"]})
        socket = self._pool.socket
        seconds.add({"clock waits for nodes (wall)": socket.waited_s})
        return Costs(seconds.seconds, peak_bytes, socket.returns, self._lost, self._first_coded_s)

    def _open_message(self, plan: HostPlan, packets: Mapping[str, Packets], scenario: bytes) -> Message:
        header = {
            "streams": [{"name": stream, **packets[stream]._asdict()} for stream in plan.streams],
            "fusion": plan.fusion,
            "threads": plan.threads,
            "answer_delay_s": self._answer_delay_s,
            "overrides": self._overrides,
        }
        return Message("open", header, (scenario,))

    def _take(self, grant: Capture, host: str, ticket: int) -> Coded | None:
        """Return the coded frame; None if its host is gone and the scenario takes that for a fault."""
        if host in self._lost:
            return None
        try:
            reply = self._client.result(host, ticket, f"frame {grant.sequence} of {grant.stream}")
        except NodeLostError as error:
            if self._scenario.node_loss.action != "fault" or host == self._fusion_host:
                raise
            self._lost[host] = error.reason
            self._client.give_up(host, ticket, error.reason)
            self._results.fault(host, error.reason, grant.time_ns + self._encode_ns[grant.stream])
            return None
        self._first_coded_s = self._first_coded_s or time.perf_counter()
        return marshalling.coded_of(grant, reply)

    def _ask_fusion(self, grant: Message, what: str) -> Plan:
        """Give fusion its turn now."""
        ticket = self._client.post(self._fusion_host, grant)
        return marshalling.plan_of(self._client.result(self._fusion_host, ticket, what))
