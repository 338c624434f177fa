"""Fusion at work in a host: the planner answers at once, pixels follow in threads of their own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simnet.nodes.fusion import FusionPlanner, FusionSetup
from simnet.records import SideInformation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    import numpy as np

    from simnet.codec.protocols import Decoder
    from simnet.engine.lazy_world import LazyWorld
    from simnet.engine.ordered_pool import OrderedPool
    from simnet.engine.stopwatch import Stopwatch
    from simnet.nodes.grants import Decision, Delivery, Plan, SideChoice
    from simnet.records import Announcement, Decoded, Scenario


class FusionActor:
    """Plans in the calling thread, decodes in `pool`; a stream's pictures in order, each after its side pictures."""

    def __init__(self, scenario: Scenario, world: LazyWorld, pool: OrderedPool, stopwatch: Stopwatch) -> None:
        self._setup = FusionSetup.of(scenario)
        self._world, self._pool, self._stopwatch = world, pool, stopwatch
        self._planner = FusionPlanner(self._setup, self._verify)
        self._announcements: dict[str, Announcement] = {}
        self._decoders: dict[str, Future[Decoder]] = {}
        self._data: dict[tuple[str, int], bytes] = {}
        self._pictures: dict[tuple[str, int], Future[Decoded]] = {}

    def announce(self, announcements: Mapping[str, Announcement]) -> list[Future[Decoder]]:
        """Open the streams' decoders; returns a future each, which fails where its digests are not known here."""
        from simnet import codec

        def open_decoder(announcement: Announcement) -> Decoder:
            with self._stopwatch.part("opening codecs"):
                return codec.open_decoder(announcement)

        self._announcements.update(announcements)
        for stream, announcement in announcements.items():
            self._decoders[stream] = self._pool.submit(stream, partial(open_decoder, announcement))
        return list(self._decoders.values())

    def deliver(self, delivery: Delivery) -> Plan:
        """Take a delivery in; what the plan decides begins to be decoded."""
        if delivery.complete:
            self._data[delivery.stream, delivery.sequence] = delivery.data
        self._forget(delivery.time_ns)
        return self._follow(self._planner.deliver(delivery))

    def wake(self, now_ns: int) -> Plan:
        """Do what is due now; time 0 begins the run."""
        return self._follow(self._planner.start() if now_ns == 0 else self._planner.wake(now_ns))

    def picture(self, stream: str, sequence: int) -> Future[Decoded]:
        """Return the picture of a frame that a plan has decided to decode."""
        return self._pictures[stream, sequence]

    def _verify(self, stream: str, data: bytes) -> bool:
        from simnet.codec import bitstream

        return bitstream.verify(data, self._announcements[stream]).key

    def _follow(self, plan: Plan) -> Plan:
        for decision in plan.decisions:
            data = self._data.pop((decision.stream, decision.sequence), None)
            if decision.ready_ns is not None and data is not None:
                self._begin(decision, data)
        return plan

    def _begin(self, decision: Decision, data: bytes) -> None:
        coded = {side: self._pictures[side.source, side.sequence] for side in decision.sides if self._is_coded(side)}

        def decode() -> Decoded:
            sides = [
                SideInformation(
                    coded[side].result().picture if side in coded else self._sensor(side), side.source, side.age_ns
                )
                for side in decision.sides
            ]
            decoder = self._decoders[decision.stream].result()
            with self._stopwatch.part("decoding"):
                return decoder.decode(data, sides)

        key = (decision.stream, decision.sequence)
        self._pictures[key] = self._pool.submit(decision.stream, decode, list(coded.values()))

    def _is_coded(self, side: SideChoice) -> bool:
        return side.source in self._setup.streams

    def _sensor(self, side: SideChoice) -> np.ndarray:
        return self._world.frame(side.source, self._setup.sources[side.source].schedule.capture_ns(side.sequence))

    def _forget(self, now_ns: int) -> None:
        """Let pictures go that the planner does not choose any more."""
        oldest_ns = now_ns - self._setup.memory_ns
        sources = self._setup.sources
        for key in [key for key in self._pictures if sources[key[0]].schedule.capture_ns(key[1]) < oldest_ns]:
            del self._pictures[key]
