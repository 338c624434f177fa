"""Pictures of nodes in the kernel's thread: decoded now, taken from the store, or none."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from simnet.engine.local.live_decoders import digest_of
from simnet.nodes.fusion_setup import FusionSetup
from simnet.nodes.side_changes import SideChanges
from simnet.quality import squared_difference
from simnet.records.score import DecodedPicture, ScoredPicture

if TYPE_CHECKING:
    from concurrent.futures import Future

    from simnet.engine.cached.cached_pixels import Pixels
    from simnet.engine.kernel.port import Announcements, Results
    from simnet.engine.local.live_decoders import LiveDecoders
    from simnet.records import Decoded, Scenario
    from simnet.records.grants import Decision, SideChange


class Pictures(Protocol):
    """Decodes for `LocalNodes`."""

    def open(self, announcements: Announcements) -> None:
        """Open what decodes these streams."""
        ...

    def decode(self, decision: Decision, data: bytes) -> None:
        """Decode a frame as fusion has decided."""
        ...

    def forget(self, now_ns: int) -> None:
        """Drop pictures that are too old to serve at `now_ns`."""
        ...

    def changes(self, now_ns: int) -> tuple[SideChange, ...]:
        """Return what side information changed in pictures, if fusion allots rates now; each of them once."""
        ...

    def finish(self) -> None:
        """Hand over what has not been handed over yet."""
        ...


class NoPictures:
    """Decodes nothing: recorded sizes have no pictures."""

    def open(self, announcements: Announcements) -> None:
        """See `Pictures`."""

    def decode(self, decision: Decision, data: bytes) -> None:
        """See `Pictures`."""

    def forget(self, now_ns: int) -> None:
        """See `Pictures`."""

    def changes(self, now_ns: int) -> tuple[SideChange, ...]:
        """See `Pictures`; nobody sees what does not exist."""
        del now_ns
        return ()

    def finish(self) -> None:
        """See `Pictures`."""


class CachedPictures:
    """Takes pictures and scores from the store, or decodes and scores them at once and puts them there."""

    def __init__(self, scenario: Scenario, pixels: Pixels, results: Results) -> None:
        self._setup, self._pixels, self._results = FusionSetup.of(scenario), pixels, results
        self._memory_ns, self._changes = self._setup.memory_ns, SideChanges(scenario)

    def open(self, announcements: Announcements) -> None:
        """See `Pictures`; a decoder is opened at the first picture that is not in the store."""

    def decode(self, decision: Decision, data: bytes) -> None:
        """See `Pictures`."""
        stream, sequence = decision.stream, decision.sequence
        digest, score = self._pixels.decode(stream, sequence, data, decision.sides, decision.fillers)
        self._results.scored(stream, sequence, digest, score)
        if self._changes.are_wanted and (squared := self._pixels.change(stream, sequence)) is not None:
            self._changes.add(stream, sequence, decision.ready_ns or 0, squared)
        if self._results.wants_pictures:
            capture_ns = self._setup.sources[stream].schedule.capture_ns(sequence)
            original, picture = self._pixels.original(stream, capture_ns), self._pixels.picture(digest)
            self._results.show(ScoredPicture(stream, sequence, capture_ns, original, picture, score))

    def forget(self, now_ns: int) -> None:
        """See `Pictures`."""
        self._pixels.forget(now_ns - self._memory_ns)

    def changes(self, now_ns: int) -> tuple[SideChange, ...]:
        """See `Pictures`."""
        return self._changes.take(now_ns) if self._changes.is_due(now_ns) else ()

    def finish(self) -> None:
        """See `Pictures`; everything has been handed over."""


class LivePictures:
    """Decodes now, and hands pictures over to be scored."""

    def __init__(self, scenario: Scenario, decoders: LiveDecoders, results: Results) -> None:
        self._sources, self._decoders, self._results = FusionSetup.of(scenario).sources, decoders, results
        self._waiting: deque[tuple[Decision, Future[Decoded]]] = deque()
        self._changes = SideChanges(scenario)

    def open(self, announcements: Announcements) -> None:
        """See `Pictures`."""
        for decoder in self._decoders.open(announcements):
            decoder.result()

    def decode(self, decision: Decision, data: bytes) -> None:
        """See `Pictures`."""
        job = self._decoders.decode(decision.stream, decision.sequence, data, decision.sides, decision.fillers)
        self._waiting.append((decision, job))
        while len(self._waiting) > self._results.backlog:
            self._hand_over()

    def forget(self, now_ns: int) -> None:
        """See `Pictures`."""
        self._decoders.forget(now_ns)

    def changes(self, now_ns: int) -> tuple[SideChange, ...]:
        """See `Pictures`."""
        if not self._changes.is_due(now_ns):
            return ()
        self.finish()
        return self._changes.take(now_ns)

    def finish(self) -> None:
        """See `Pictures`."""
        while self._waiting:
            self._hand_over()

    def _hand_over(self) -> None:
        decision, job = self._waiting.popleft()
        stream, sequence = decision.stream, decision.sequence
        decoded = job.result()
        picture = decoded.picture.tobytes()
        alone = None if decoded.alone is decoded.picture else decoded.alone.tobytes()
        if self._changes.are_wanted and alone is not None:
            squared = squared_difference(decoded.picture, decoded.alone)
            self._changes.add(stream, sequence, decision.ready_ns or 0, squared)
        capture_ns = self._sources[stream].schedule.capture_ns(sequence)
        self._results.decoded(DecodedPicture(stream, sequence, capture_ns, picture, alone, digest_of(picture)))
