"""What codes and decodes in a one-thread run (`direct`): recorded sizes without pictures, or real codecs through the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simnet import seeds
from simnet.codec import recorded_sizes
from simnet.codec.bitstream import framing
from simnet.nodes.camera import EncodedFrame

if TYPE_CHECKING:
    from simnet.engine.cached.cached_pixels import Pixels
    from simnet.engine.results.ledger import Ledger
    from simnet.records import Announcement, Scenario
    from simnet.records.grants import Capture, Decision


class Coding(Protocol):
    """All that a run without hosts needs of codecs."""

    def announcement(self, stream: str) -> Announcement:
        """Return what is constant in a stream."""
        ...

    def encode(self, grant: Capture, quality: float, key: bool) -> EncodedFrame:
        """Code the frame of a capture."""
        ...

    def decode(self, decision: Decision, data: bytes) -> None:
        """Decode a frame as fusion decided."""
        ...

    def forget(self, now_ns: int) -> None:
        """Let go of what nobody asks for any more."""
        ...


class RecordedCoding:
    """Sizes drawn from real rows."""

    def __init__(self, scenario: Scenario) -> None:
        """Raises InputError where a stream's frames cannot be drawn from its rows."""
        self._encoders = {}
        for stream in scenario.streams:
            camera = scenario.cameras[stream.name]
            draw = seeds.generator(scenario.seed, "recorded", stream.name)
            self._encoders[stream.name] = recorded_sizes.RecordedEncoder(
                stream.model or "", camera.width, camera.height, draw
            )

    def announcement(self, stream: str) -> Announcement:
        """See `Coding`."""
        return self._encoders[stream].announcement

    def encode(self, grant: Capture, quality: float, key: bool) -> EncodedFrame:
        """See `Coding`."""
        return EncodedFrame(*self._encoders[grant.stream].encode(quality, key=key))

    def decode(self, decision: Decision, data: bytes) -> None:
        """There are no pictures."""

    def forget(self, now_ns: int) -> None:
        """There is nothing to forget."""


class PixelCoding:
    """Real codecs on real frames, what was ever coded or decoded before taken from the store."""

    def __init__(self, pixels: Pixels, ledger: Ledger, memory_ns: int) -> None:
        """Use pictures for as long as fusion remembers: `memory_ns`."""
        self._pixels, self._ledger, self._memory_ns = pixels, ledger, memory_ns

    def announcement(self, stream: str) -> Announcement:
        """See `Coding`."""
        return self._pixels.announcement(stream)

    def encode(self, grant: Capture, quality: float, key: bool) -> EncodedFrame:
        """See `Coding`; what the camera is told is what `camera_actor` tells it."""
        data = self._pixels.encode(grant.stream, grant.sequence, grant.time_ns, quality, key)
        return made(data, quality)

    def decode(self, decision: Decision, data: bytes) -> None:
        """See `Coding`; the picture and its score go into the ledger."""
        digest, score = self._pixels.decode(decision.stream, decision.sequence, data, decision.sides)
        self._ledger.pictured(decision.stream, decision.sequence, digest)
        self._ledger.scored(decision.stream, decision.sequence, score)

    def forget(self, now_ns: int) -> None:
        """See `Coding`."""
        self._pixels.forget(now_ns - self._memory_ns)


def made(data: bytes, asked: float) -> EncodedFrame:
    """Return what an encoder made of a frame: the quality it was asked for, unless its header tells of another step."""
    header = framing.header(data)
    as_asked = header.quality == framing.quality_step(asked)
    return EncodedFrame(data, asked if as_asked else header.quality / framing.QUALITY_STEPS, header.key)
