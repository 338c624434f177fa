"""Fusion at work in a host: the planner answers at once, pixels follow in threads of their own."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from simnet.nodes.fusion import FusionPlanner
from simnet.nodes.fusion_setup import FusionSetup
from simnet.nodes.fusion_state import PlannerState
from simnet.records import SECOND_NS, Decoded, SideInformation
from simnet.wire.protocol.serialization import from_plain, pack_records, unpack_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.codec.protocols import Decoder
    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.local.ordered_pool import OrderedPool
    from simnet.engine.timing.thread_timer import Stopwatch
    from simnet.records import Announcement, Scenario
    from simnet.records.grants import Delivery, Plan, SideChoice

STATE_EVERY_NS = SECOND_NS
"""How often a plan comes with the planner's state: what follows it is all that a new planner has to be told again."""


class FusionActor:
    """Plans in the calling thread, decodes in `pool`; a stream's pictures in order, each after its side pictures."""

    def __init__(self, scenario: Scenario, world: LazyWorld, pool: OrderedPool, stopwatch: Stopwatch) -> None:
        self._setup = FusionSetup.of(scenario)
        self._world, self._pool, self._stopwatch = world, pool, stopwatch
        self._planner = FusionPlanner(self._setup, self._verify)
        self._announcements: dict[str, Announcement] = {}
        self._decoders: dict[str, Future[Decoder]] = {}
        self._state_due_ns = STATE_EVERY_NS
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

    def restore(self, state: bytes) -> None:
        """Go on planning from a state that `deliver` or `wake` returned."""
        self._planner.restore(from_plain(PlannerState, unpack_records(state)))

    def deliver(self, delivery: Delivery) -> tuple[Plan, bytes | None]:
        """Take a delivery in; return the plan and, every so often, the planner's state after it."""
        self._forget(delivery.time_ns)
        return self._planner.deliver(delivery), self._state(delivery.time_ns)

    def wake(self, now_ns: int) -> tuple[Plan, bytes | None]:
        """Do what is due now; time 0 begins the run. Returns what `deliver` does."""
        plan = self._planner.start() if now_ns == 0 else self._planner.wake(now_ns)
        return plan, self._state(now_ns)

    def decode(self, stream: str, sequence: int, data: bytes, sides: Sequence[SideChoice]) -> Future[Decoded]:
        """Begin to decode a frame as a plan has decided."""
        coded = {side: self._pictures[side.source, side.sequence] for side in sides if self._is_coded(side)}

        def decode() -> Decoded:
            known = [
                SideInformation(
                    coded[side].result().picture if side in coded else self._sensor(side), side.source, side.age_ns
                )
                for side in sides
            ]
            decoder = self._decoders[stream].result()
            with self._stopwatch.part("decoding"):
                return decoder.decode(data, known)

        self._pictures[stream, sequence] = job = self._pool.submit(stream, decode, list(coded.values()))
        return job

    def prime(self, stream: str, data: bytes) -> Future[Decoded]:
        """Let a new decoder see a frame whose picture is known: what follows may refer to it."""
        return self._pool.submit(stream, lambda: self._decoders[stream].result().decode(data, ()))

    def show(self, stream: str, sequence: int, picture: bytes) -> None:
        """Take in a picture that was decoded before, for others to be decoded with."""
        announced = self._announcements[stream]
        shape = (announced.height, announced.width, 3)
        known: Future[Decoded] = Future()
        pixels = np.frombuffer(picture, np.uint8).reshape(shape)
        known.set_result(Decoded(pixels, pixels))
        self._pictures[stream, sequence] = known

    def _verify(self, stream: str, data: bytes) -> bool:
        from simnet.codec.bitstream import framing

        return framing.verify(data, self._announcements[stream]).key

    def _state(self, now_ns: int) -> bytes | None:
        if now_ns < self._state_due_ns:
            return None
        self._state_due_ns = now_ns + STATE_EVERY_NS
        return pack_records(self._planner.state)

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
