"""One stream's pictures: from the store, or from its decoder, which is first brought to where the stream is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from simnet.codec import identity, registry
from simnet.codec.bitstream import framing, slices
from simnet.codec.protocols import PartialDecoder
from simnet.engine.cached import store_keys
from simnet.engine.cached.encodings import sent_by
from simnet.engine.cached.picture_cache import PictureKey
from simnet.errors import ReferenceLostError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.codec.protocols import Decoder
    from simnet.engine.cached.cache_statistics import CacheCounters
    from simnet.records import Announcement, Decoded, SideInformation, StreamConfig
    from simnet.store import Store

KIND = "pictures"


class Side(NamedTuple):
    """A side picture: its key, its source, its age and its capture time."""

    key: PictureKey
    source: str
    age_ns: int
    capture_ns: int


@dataclass(slots=True)
class GroupOfPictures:
    """A key frame and the frames decoded after it that refer to it, as far as they have come; `digest` says them all."""

    digest: str = ""
    data: list[bytes] = field(default_factory=list)
    last: int | None = None
    """The newest frame's number."""


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """How to decode a picture, now or again: the frame at `place` of its group, with side pictures."""

    stream: str
    capture_ns: int
    group: GroupOfPictures
    place: int
    sides: tuple[Side, ...]
    fillers: tuple[Side, ...] = ()
    """Pictures that missing slices are filled from."""


class Pictured(NamedTuple):
    """The keys of a picture, and of what it would have been without side information."""

    picture: PictureKey
    alone: PictureKey


_KNOWN = re.compile(rb"[0-9a-f]{32} [0-9a-f]{32}")
"""What `Decoding.tell` stores; anything else is as good as nothing."""


class Decoding:
    """One stream's decoder."""

    def __init__(self, stream: StreamConfig, announcement: Announcement, store: Store, counters: CacheCounters) -> None:
        self._announcement, self._store, self._counters = announcement, store, counters
        self._concealment = stream.concealment
        own = identity.codec_identity(stream.codec, stream.model)
        self._base = store_keys.key(
            store_keys.made_by(__name__), stream.codec, own, stream.concealment, *sent_by(announcement)
        )
        self._stream = stream.name
        self._takes_side = registry.takes_side(stream.codec, stream.model)
        self._decoder: Decoder | None = None
        self._group = GroupOfPictures()
        self._at, self._done = self._group, 0
        """How far the decoder is: in which group, and how many of its frames it has decoded."""

    def plan(
        self, sequence: int, capture_ns: int, data: bytes, sides: Sequence[Side], fillers: Sequence[Side] = ()
    ) -> DecodePlan:
        """Take in the stream's next frame to be decoded; return how.

        Raises:
            ReferenceLostError: It refers to a frame that was not decoded right before it.
        """
        said = store_keys.key(slices.renumbered(data, 0, self._announcement).hex())
        if framing.is_key(data):
            self._group = GroupOfPictures(said, [data], sequence)
        elif self._group.last != sequence - 1:
            raise ReferenceLostError(f"frame {sequence}: refers to the frame before it, which was not decoded last")
        else:
            group = self._group
            group.data.append(data)
            group.digest, group.last = store_keys.key(group.digest, said), sequence
        taken = tuple(sides) if self._takes_side else ()
        return DecodePlan(self._stream, capture_ns, self._group, len(self._group.data) - 1, taken, tuple(fillers))

    def known(self, plan: DecodePlan) -> Pictured | None:
        """Return what is made of the newest frame, if the store knows."""
        found = self._store.get(KIND, self._name(plan))
        if found is None or not _KNOWN.fullmatch(found):
            return None
        picture, alone = found.decode().split()
        size = self._announcement.height, self._announcement.width
        return Pictured(PictureKey(picture, *size), PictureKey(alone, *size))

    def tell(self, plan: DecodePlan, made: Pictured) -> None:
        """Let the store know what was made of the newest frame."""
        self._store.put(KIND, self._name(plan), f"{made.picture.digest} {made.alone.digest}".encode())

    def decode(
        self, plan: DecodePlan, sides: Sequence[SideInformation], fillers: Sequence[SideInformation] = ()
    ) -> Decoded:
        """Decode any frame that there is a plan for."""
        group, place = plan.group, plan.place
        done = self._done if self._at is group and self._done <= place else 0
        for before in group.data[done:place]:
            self._call(before, ())
        decoded = self._call(group.data[place], sides, fillers)
        self._at, self._done = group, place + 1
        return decoded

    def _name(self, plan: DecodePlan) -> str:
        sides, fillers = ([(each.key, each.source, each.age_ns) for each in one] for one in (plan.sides, plan.fillers))
        return store_keys.key(self._base, plan.group.digest, *sides, *([("fillers", *fillers)] if fillers else []))

    def _call(self, data: bytes, sides: Sequence[SideInformation], fillers: Sequence[SideInformation] = ()) -> Decoded:
        self._counters.decodes += 1
        if self._decoder is None:
            self._decoder = registry.open_decoder(self._announcement, concealment=self._concealment)
        if isinstance(self._decoder, PartialDecoder) and fillers:
            own = [each for each in fillers if each.source == self._stream]
            others = [each for each in fillers if each.source != self._stream]
            return self._decoder.decode_partial(data, sides, own, others)
        return self._decoder.decode(data, sides)
