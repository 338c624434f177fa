"""Fusion's decoders: each stream's pictures in order, in threads, each after its side pictures."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from simnet import codec
from simnet.codec.bitstream.announcements import check_expected
from simnet.codec.protocols import PartialDecoder
from simnet.nodes.fusion_setup import FusionSetup
from simnet.records import Decoded, SideInformation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simnet.codec.protocols import Decoder
    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.local.ordered_pool import OrderedPool
    from simnet.engine.timing.thread_timer import ThreadTimer
    from simnet.records import Announcement, Scenario
    from simnet.records.grants import SideChoice


class LiveDecoders:
    """Decodes in `pool` what fusion has decided on, with pictures that it decoded before and what its own sensors see."""

    def __init__(self, scenario: Scenario, world: LazyWorld, pool: OrderedPool, timer: ThreadTimer) -> None:
        self._setup = FusionSetup.of(scenario)
        self._serving = self._setup.serving()
        self._streams, self._cameras = {stream.name: stream for stream in scenario.streams}, scenario.cameras
        self._world, self._pool, self._timer = world, pool, timer
        self._announcements: dict[str, Announcement] = {}
        self._decoders: dict[str, Future[Decoder]] = {}
        self._pictures: dict[tuple[str, int], Future[np.ndarray]] = {}
        """Of the streams that serve others; failed where decoding failed."""

    def open(self, announcements: Mapping[str, Announcement]) -> list[Future[Decoder]]:
        """Begin to open the streams' decoders; each future fails if its stream's digests are not known here."""

        def open_decoder(stream: str, announcement: Announcement) -> Decoder:
            config, camera = self._streams[stream], self._cameras[stream]
            check_expected(announcement, stream, config.codec, camera.width, camera.height, config.slices)
            # The same codec; of a file of code, the one that lies here.
            announcement = replace(announcement, codec=config.codec)
            with self._timer.part("opening codecs"):
                models = [config.model] if config.model else []
                return codec.open_decoder(announcement, models, config.concealment)

        self._announcements.update(announcements)
        for stream, announcement in announcements.items():
            self._decoders[stream] = self._pool.submit(stream, partial(open_decoder, stream, announcement))
        return list(self._decoders.values())

    def decode(
        self,
        stream: str,
        sequence: int,
        data: bytes,
        sides: Sequence[SideChoice],
        fillers: Sequence[SideChoice] = (),
    ) -> Future[Decoded]:
        """Begin to decode a frame as a plan has decided, its missing slices filled from `fillers`."""
        chosen = (*sides, *fillers)
        coded = {side: self._pictures[side.source, side.sequence] for side in chosen if self._is_coded(side)}

        def seen(side: SideChoice) -> SideInformation:
            picture = coded[side].result() if side in coded else self._sensor(side)
            return SideInformation(picture, side.source, side.age_ns)

        def decode() -> Decoded:
            known, filling = [seen(side) for side in sides], [seen(filler) for filler in fillers]
            decoder = self._decoders[stream].result()
            with self._timer.part("decoding"):
                if isinstance(decoder, PartialDecoder) and filling:
                    return decoder.decode_partial(data, known, *own_and_others(stream, filling))
                return decoder.decode(data, known)

        job = self._pool.submit(stream, decode, list(coded.values()))
        if stream in self._serving:
            self._pictures[stream, sequence] = _picture_of(job)
        return job

    def prime(self, stream: str, data: bytes) -> Future[Decoded]:
        """Let a new decoder see a frame whose picture is known: what follows may refer to it."""
        return self._pool.submit(stream, lambda: self._decoders[stream].result().decode(data, ()))

    def show(self, stream: str, sequence: int, picture: bytes) -> None:
        """Take in a picture that was decoded before, as side information for others."""
        announced = self._announcements[stream]
        known: Future[np.ndarray] = Future()
        known.set_result(np.frombuffer(picture, np.uint8).reshape(announced.height, announced.width, 3))
        self._pictures[stream, sequence] = known

    def forget(self, now_ns: int) -> None:
        """Let pictures go that the planner does not choose any more."""
        oldest_ns = now_ns - self._setup.memory_ns
        sources = self._setup.sources
        for key in [key for key in self._pictures if sources[key[0]].schedule.capture_ns(key[1]) < oldest_ns]:
            del self._pictures[key]

    def _is_coded(self, side: SideChoice) -> bool:
        return side.source in self._setup.streams

    def _sensor(self, side: SideChoice) -> np.ndarray:
        return self._world.frame(side.source, self._setup.sources[side.source].schedule.capture_ns(side.sequence))


def own_and_others(
    stream: str, filling: Sequence[SideInformation]
) -> tuple[list[SideInformation], list[SideInformation]]:
    """Return the pictures of a stream itself, and those of other cameras."""
    return [each for each in filling if each.source == stream], [each for each in filling if each.source != stream]


def _picture_of(job: Future[Decoded]) -> Future[np.ndarray]:
    """Return the picture that a job will decode, without what else it will return."""
    picture: Future[np.ndarray] = Future()

    def done(job: Future[Decoded]) -> None:
        if (error := job.exception()) is not None:
            picture.set_exception(error)
        else:
            picture.set_result(job.result().picture)

    job.add_done_callback(done)
    return picture


def digest_of(picture: bytes) -> str:
    """Return what a run's rows and its fingerprint hold of a picture."""
    return hashlib.sha256(picture).hexdigest()[:32]
