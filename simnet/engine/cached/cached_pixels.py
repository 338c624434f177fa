"""A run's frames, bitstreams, pictures and scores through the store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from simnet.codec import registry
from simnet.engine.cached.cached_scores import Scores
from simnet.engine.cached.decodings import (
    DecodePlan,
    Decoding,
    Pictured,
    Side,
)
from simnet.engine.cached.encodings import Encoding
from simnet.engine.cached.originals import Originals
from simnet.engine.cached.picture_cache import PictureCache, PictureKey, key_of
from simnet.errors import InputError
from simnet.nodes.schedule import Schedule
from simnet.quality import squared_difference
from simnet.records import SideInformation
from simnet.records.score import Score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.engine.cached.cache_statistics import CacheCounters
    from simnet.records import Announcement, Scenario
    from simnet.records.grants import SideChoice
    from simnet.records.view_truth import ViewTruth
    from simnet.store import Store

GREY = 128
"""What a screen displays before its first picture."""


class Pixels:
    """A run's frames, bitstreams, pictures and scores; `counters` count what the store did not have.

    Each stream's frames are encoded, and decoded, in the order of their numbers.
    """

    def __init__(self, scenario: Scenario, store: Store, counters: CacheCounters) -> None:
        """Open nothing but what the store knows nothing of.

        Raises:
            InputError: The store cannot be read or written.
            ModelError: There is no such codec or model.
        """
        self._cache = PictureCache(store)
        self._originals = Originals(scenario, self._cache, store, counters)
        self._scores, self._is_scored = Scores(store, counters), scenario.scores
        cameras = scenario.cameras
        self._encodings, self._decodings = {}, {}
        for stream in scenario.streams:
            encoding = Encoding(stream, cameras[stream.name], self._originals, store, counters)
            self._encodings[stream.name] = encoding
            self._decodings[stream.name] = Decoding(stream, encoding.announcement, store, counters)
        self._fusing = {each.name for each in scenario.streams if registry.takes_side(each.codec, each.model)}
        self._schedules = {name: Schedule.of(camera, scenario.duration_ns) for name, camera in cameras.items()}
        self._pictures: dict[tuple[str, int], PictureKey] = {}
        self._alone: dict[tuple[str, int], PictureKey] = {}
        """Of frames that were decoded with side information: what they would have been without."""
        self._plans: dict[PictureKey, DecodePlan] = {}
        """Of every picture of the run: the store may have dropped any by the time that it is asked for."""
        self._by_digest: dict[str, PictureKey] = {}

    def announcement(self, stream: str) -> Announcement:
        """Return what is constant in a stream."""
        return self._encodings[stream].announcement

    def encode(self, stream: str, sequence: int, capture_ns: int, quality: float, key: bool) -> bytes:
        """Return the bitstream of a frame, header included, as its camera sends it."""
        return self._encodings[stream].encode(sequence, capture_ns, quality, key)

    def decode(
        self,
        stream: str,
        sequence: int,
        data: bytes,
        sides: Sequence[SideChoice],
        fillers: Sequence[SideChoice] = (),
    ) -> tuple[str, Score | None]:
        """Decode a frame with side pictures that were decoded before; return the picture's digest, and its score if it has one.

        Missing slices are filled from `fillers`.

        Raises:
            ReferenceLostError: It refers to a frame that was not decoded right before it.
        """
        decoding, capture_ns = self._decodings[stream], self._schedules[stream].capture_ns(sequence)
        chosen, filling = ([self._side(side) for side in one] for one in (sides, fillers))
        plan = decoding.plan(sequence, capture_ns, data, chosen, filling)
        made = decoding.known(plan)
        if made is None:
            made = self._decode(plan)
            decoding.tell(plan, made)
        self._pictures[stream, sequence] = made.picture
        # Side information that changed nothing was used all the same: the centre learns that from a change of zero.
        if made.alone != made.picture or (plan.sides and stream in self._fusing):
            self._alone[stream, sequence] = made.alone
        for each in made:
            self._plans[each] = plan
            self._by_digest[each.digest] = each
        if not self._is_scored(sequence):
            return made.picture.digest, None
        own = self._score(stream, capture_ns, made.picture)
        bare = own if made.alone == made.picture else self._score(stream, capture_ns, made.alone)
        return made.picture.digest, Score(*own, *bare)

    def change(self, stream: str, sequence: int) -> int | None:
        """Return the sum of squared differences that side information made to a picture; None if it was decoded without."""
        alone = self._alone.pop((stream, sequence), None)
        return (
            None
            if alone is None
            else squared_difference(self._find(self._pictures[stream, sequence]), self._find(alone))
        )

    def displayed(self, stream: str, capture_ns: int, digest: str | None) -> tuple[float, float]:
        """Return PSNR (dB) and MS-SSIM of a picture that was decoded before, against what the camera sees at `capture_ns`.

        Without a digest the picture is mid-grey, what a screen displays at first.
        """
        if digest is not None:
            return self._score(stream, capture_ns, self._by_digest[digest])
        announced = self.announcement(stream)
        grey = np.full((announced.height, announced.width, 3), GREY, np.uint8)
        original = partial(self.original, stream, capture_ns)
        return self._scores.score(self._originals.key(stream, capture_ns), key_of(grey), original, lambda: grey)

    def original(self, stream: str, capture_ns: int) -> np.ndarray:
        """Return what a camera sees: uint8, H x W x 3, RGB, not to be written to."""
        return self._originals.frame(stream, capture_ns)

    def truth(self, camera: str, capture_ns: int) -> ViewTruth | None:
        """Return what a rendered world knows of a camera's frame; None in another world."""
        return self._originals.truth(camera, capture_ns)

    def picture(self, digest: str) -> np.ndarray:
        """Return a picture that was decoded before: uint8, H x W x 3, RGB, not to be written to."""
        return self._find(self._by_digest[digest])

    def forget(self, oldest_ns: int) -> None:
        """Let go of pictures of what was captured before `oldest_ns`; any that is asked for later takes longer."""
        self._cache.forget(oldest_ns)

    def close(self) -> None:
        """Close the world, if it was opened."""
        self._originals.close()

    def _side(self, side: SideChoice) -> Side:
        source, capture_ns = side.source, self._schedules[side.source].capture_ns(side.sequence)
        # Fusion has its own sensors' frames as they are, and decoded pictures of all other cameras.
        is_coded = source in self._decodings
        own = self._pictures[source, side.sequence] if is_coded else self._originals.key(source, capture_ns)
        return Side(own, source, side.age_ns, capture_ns)

    def _find(self, wanted: PictureKey) -> np.ndarray:
        """Return a decoded picture, decoding it again, and the pictures that this takes, where they are gone."""
        waiting = [wanted]
        while True:
            plan = self._plans[waiting[-1]]
            found = self._cache.find(waiting[-1], plan.capture_ns)
            if found is not None:
                waiting.pop()
                if not waiting:
                    return found
            elif lacking := [side.key for side in (*plan.sides, *plan.fillers) if self._lacks(side)]:
                waiting += lacking
            elif waiting[-1] not in self._decode(plan):
                raise InputError(
                    f"stream {plan.stream}: a frame is decoded otherwise than it was when this cache was filled; "
                    "expected the same libraries, or delete the cache"
                )

    def _lacks(self, side: Side) -> bool:
        return side.source in self._decodings and self._cache.find(side.key, side.capture_ns) is None

    def _decode(self, plan: DecodePlan) -> Pictured:
        sides, fillers = (
            [SideInformation(self._seen(side), side.source, side.age_ns) for side in one]
            for one in (plan.sides, plan.fillers)
        )
        decoded = self._decodings[plan.stream].decode(plan, sides, fillers)
        picture = self._cache.add(decoded.picture, plan.capture_ns)
        has_own = decoded.alone is not decoded.picture
        return Pictured(picture, self._cache.add(decoded.alone, plan.capture_ns) if has_own else picture)

    def _seen(self, side: Side) -> np.ndarray:
        is_coded = side.source in self._decodings
        return self._find(side.key) if is_coded else self._originals.frame(side.source, side.capture_ns)

    def _score(self, stream: str, capture_ns: int, picture: PictureKey) -> tuple[float, float]:
        original = partial(self.original, stream, capture_ns)
        return self._scores.score(
            self._originals.key(stream, capture_ns), picture, original, partial(self._find, picture)
        )
