"""Three coders for a camera's frames: live, cached and recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simnet import codec, seeds
from simnet.codec import recorded_sizes
from simnet.codec.bitstream import framing, slices
from simnet.nodes.camera import EncodedFrame
from simnet.nodes.schedule import Schedule

if TYPE_CHECKING:
    from simnet.engine.cached.cached_pixels import Pixels
    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.timing.thread_timer import ThreadTimer
    from simnet.records import Announcement, Scenario, StreamConfig
    from simnet.records.grants import Capture


class Coder(Protocol):
    """Codes one stream's frames, in the order of their captures."""

    @property
    def announcement(self) -> Announcement:
        """The constants of the stream."""
        ...

    def encode(self, grant: Capture, quality: float, key: bool) -> EncodedFrame:
        """Code the frame of a capture; as a key frame if `key` says so, or if the codec knows no other."""
        ...


class LiveCoder:
    """A real encoder on frames of the world, each made as it is asked for."""

    def __init__(self, stream: StreamConfig, scenario: Scenario, world: LazyWorld, timer: ThreadTimer) -> None:
        """Open the encoder.

        Raises:
            ModelError: There is no such codec or model.
        """
        config = scenario.cameras[stream.name]
        self._schedule = Schedule.of(config, scenario.duration_ns)
        self._world, self._timer = world, timer
        with timer.part("opening codecs"):
            self._encoder = codec.open_encoder(stream.codec, config.width, config.height, stream.model, stream.slices)

    @property
    def announcement(self) -> Announcement:
        """See `Coder`."""
        return self._encoder.announcement

    def encode(self, grant: Capture, quality: float, key: bool) -> EncodedFrame:
        """See `Coder`."""
        frame = self._world.frame(grant.stream, grant.time_ns)
        # Frames depend on nothing in the run: the next one can be made while this one is coded and travels.
        if grant.sequence + 1 < self._schedule.count:
            self._world.prepare(grant.stream, self._schedule.capture_ns(grant.sequence + 1))
        with self._timer.part("encoding"):
            data = self._encoder.encode(frame, quality, key=key)
        return _encoded(slices.renumbered(data, grant.sequence, self.announcement), quality)


class CachedCoder:
    """A real codec whose bitstreams are taken from the store if they were ever coded before."""

    def __init__(self, stream: StreamConfig, pixels: Pixels) -> None:
        self._pixels = pixels
        self.announcement = pixels.announcement(stream.name)

    def encode(self, grant: Capture, quality: float, key: bool) -> EncodedFrame:
        """See `Coder`."""
        return _encoded(self._pixels.encode(grant.stream, grant.sequence, grant.time_ns, quality, key), quality)


class RecordedCoder:
    """Sizes without pictures, drawn from real rows."""

    def __init__(self, stream: StreamConfig, scenario: Scenario) -> None:
        """Open the rows.

        Raises:
            InputError: The stream's frames cannot be drawn from them.
        """
        config = scenario.cameras[stream.name]
        draw = seeds.generator(scenario.seed, "recorded", stream.name)
        self._encoder = recorded_sizes.RecordedEncoder(stream.model or "", config.width, config.height, draw)
        self.announcement = self._encoder.announcement
        self._next = 0

    def encode(self, grant: Capture, quality: float, key: bool) -> EncodedFrame:
        """See `Coder`."""
        # A host that came back begins in the middle of the stream.
        if grant.sequence != self._next:
            self._encoder.skip_to(grant.sequence)
        self._next = grant.sequence + 1
        return EncodedFrame(*self._encoder.encode(quality, key=key))


def _encoded(data: bytes, asked: float) -> EncodedFrame:
    """Return a frame with the quality that was asked for, unless its header names another step."""
    header = framing.header(data)
    as_asked = header.quality == framing.quality_step(asked)
    return EncodedFrame(data, asked if as_asked else header.quality / framing.QUALITY_STEPS, header.key)
