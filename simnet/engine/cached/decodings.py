"""One stream's pictures: from the store, or from its decoder, which is first brought to where the stream is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from simnet.codec import identity, registry
from simnet.codec.bitstream import framing
from simnet.engine.cached import store_keys
from simnet.engine.cached.encodings import sent_by
from simnet.engine.cached.picture_cache import Print
from simnet.errors import ReferenceLostError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.codec.protocols import Decoder
    from simnet.engine.cached.cache_statistics import Counts
    from simnet.records import Announcement, Decoded, SideInformation, StreamConfig
    from simnet.store import Store

KIND = "pictures"


class Side(NamedTuple):
    """A picture to decode with: what it is, and what the decoder is told of it."""

    print: Print
    source: str
    age_ns: int
    capture_ns: int


@dataclass(slots=True)
class Group:
    """A key frame and the frames decoded after it that refer to it, as far as they have come; `digest` says them all."""

    digest: str = ""
    data: list[bytes] = field(default_factory=list)
    last: int | None = None
    """The newest frame's number."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a picture was decoded, so that it can be again: the frame at `place` of its group, with side pictures."""

    stream: str
    capture_ns: int
    group: Group
    place: int
    sides: tuple[Side, ...]


class Pictured(NamedTuple):
    """The prints of a picture, and of what it would have been without side information."""

    picture: Print
    alone: Print


class Decoding:
    """One stream's decoder."""

    def __init__(self, stream: StreamConfig, announcement: Announcement, store: Store, counts: Counts) -> None:
        self._announcement, self._store, self._counts = announcement, store, counts
        own = identity.codec_identity(stream.codec, stream.model)
        self._base = store_keys.key(store_keys.made_by(__name__), stream.codec, own, *sent_by(announcement))
        self._stream = stream.name
        self._takes_side = registry.takes_side(stream.codec)
        self._decoder: Decoder | None = None
        self._group = Group()
        self._at, self._done = self._group, 0
        """How far the decoder is: in which group, and how many of its frames it has decoded."""

    def recipe(self, sequence: int, capture_ns: int, data: bytes, sides: Sequence[Side]) -> Recipe:
        """Take in the stream's next frame to be decoded; return how.

        Raises:
            ReferenceLostError: It refers to a frame that was not decoded right before it.
        """
        said = store_keys.key(framing.renumbered(data, 0, self._announcement).hex())
        if framing.is_key(data):
            self._group = Group(said, [data], sequence)
        elif self._group.last != sequence - 1:
            raise ReferenceLostError(f"frame {sequence}: refers to the frame before it, which was not decoded last")
        else:
            group = self._group
            group.data.append(data)
            group.digest, group.last = store_keys.key(group.digest, said), sequence
        taken = tuple(sides) if self._takes_side else ()
        return Recipe(self._stream, capture_ns, self._group, len(self._group.data) - 1, taken)

    def known(self, recipe: Recipe) -> Pictured | None:
        """Return what is made of the newest frame, if the store knows."""
        found = self._store.get(KIND, self._name(recipe))
        if found is None:
            return None
        picture, alone = found.decode().split()
        size = self._announcement.height, self._announcement.width
        return Pictured(Print(picture, *size), Print(alone, *size))

    def tell(self, recipe: Recipe, made: Pictured) -> None:
        """Let the store know what was made of the newest frame."""
        self._store.put(KIND, self._name(recipe), f"{made.picture.digest} {made.alone.digest}".encode())

    def decode(self, recipe: Recipe, sides: Sequence[SideInformation]) -> Decoded:
        """Decode any frame that a recipe was made for."""
        group, place = recipe.group, recipe.place
        done = self._done if self._at is group and self._done <= place else 0
        for before in group.data[done:place]:
            self._call(before, ())
        decoded = self._call(group.data[place], sides)
        self._at, self._done = group, place + 1
        return decoded

    def _name(self, recipe: Recipe) -> str:
        sides = [(side.print, side.source, side.age_ns) for side in recipe.sides]
        return store_keys.key(self._base, recipe.group.digest, *sides)

    def _call(self, data: bytes, sides: Sequence[SideInformation]) -> Decoded:
        self._counts.decodes += 1
        if self._decoder is None:
            self._decoder = registry.open_decoder(self._announcement)
        return self._decoder.decode(data, sides)
