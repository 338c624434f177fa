"""A camera node at work in a host: its state, its encoder, the world it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.codec.bitstream import framing
from simnet.engine.local.coders import made
from simnet.nodes import camera
from simnet.nodes.camera import CameraSetup, CameraState, Coded, EncodedFrame
from simnet.nodes.rate_state import RateSetup
from simnet.wire.protocol.serialization import from_plain, pack_records, unpack_records

if TYPE_CHECKING:
    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.timing.thread_timer import Stopwatch
    from simnet.nodes.schedule import Schedule
    from simnet.records import Announcement, CameraConfig, StreamConfig
    from simnet.records.grants import Capture


class CameraActor:
    """Answers capture grants, one at a time. Opening it loads the encoder."""

    def __init__(
        self,
        stream: StreamConfig,
        config: CameraConfig,
        schedule: Schedule,
        packets: tuple[int, int],
        world: LazyWorld,
        stopwatch: Stopwatch,
    ) -> None:
        """Open the encoder; `packets` is what a packet of the first link carries and its overhead, in bytes."""
        from simnet import codec

        self._world, self._stopwatch = world, stopwatch
        rate = RateSetup(stream.rate, config.period_ns, *packets, stream.transport.repair)
        self._setup = CameraSetup(rate, stream.encode_ns, stream.key_interval_ns)
        self._schedule = schedule
        self._state = camera.start(self._setup)
        with stopwatch.part("opening codecs"):
            self._encoder = codec.open_encoder(stream.codec, config.width, config.height, stream.model)

    @property
    def announcement(self) -> Announcement:
        """What is constant in the stream."""
        return self._encoder.announcement

    def restore(self, state: bytes) -> None:
        """Go on from a state that `capture` returned: the frame to capture next is the key frame that it came with."""
        self._state = from_plain(CameraState, unpack_records(state))

    def capture(self, grant: Capture) -> tuple[Coded, bytes | None]:
        """Capture and code a frame; with a key frame comes the state before it, from which a new encoder can go on.

        Encoders that refer to earlier frames cannot be copied, but a key frame starts them anew.
        """
        before, coded = self._state, self._code(grant)
        return coded, pack_records(before) if framing.header(coded.data).key else None

    def _code(self, grant: Capture) -> Coded:
        frame = self._world.frame(grant.stream, grant.time_ns)
        # What a camera sees depends on nobody: the next frame can be made while this one is coded and travels.
        if grant.sequence + 1 < self._schedule.count:
            self._world.prepare(grant.stream, self._schedule.capture_ns(grant.sequence + 1))

        def encode(quality: float, key: bool) -> EncodedFrame:
            with self._stopwatch.part("encoding"):
                data = self._encoder.encode(frame, quality, key=key)
            return made(framing.renumbered(data, grant.sequence, self.announcement), quality)

        self._state, coded = camera.step(self._setup, self._state, grant, encode)
        return coded
