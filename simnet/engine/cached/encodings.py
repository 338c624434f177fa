"""One stream's bitstreams: from the store, or from its encoder, which is first brought to where the stream is.

    key ──▶ P ──▶ P ──▶ ...      A frame's bytes depend on its pixels and quality, and on those of all frames since the key frame.

After a key frame nothing before it matters, and where every frame is one, nothing but the frame itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from simnet.codec import identity, registry
from simnet.codec.bitstream import announcements, framing, slices
from simnet.engine.cached import store_keys
from simnet.errors import BitstreamError, InputError

if TYPE_CHECKING:
    from simnet.codec.protocols import Encoder
    from simnet.engine.cached.cache_statistics import CacheCounters
    from simnet.engine.cached.originals import Originals
    from simnet.records import Announcement, CameraConfig, StreamConfig
    from simnet.store import Store

KIND, ANNOUNCED = "bitstreams", "announcements"


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """Arguments of one call of an encoder."""

    capture_ns: int
    quality: float
    key: bool


@dataclass(slots=True)
class _CodedGroup:
    """A key frame and the frames that refer to it, as far as they have come; `digest` says them all."""

    digest: str = ""
    asked: list[EncodeRequest] = field(default_factory=list)


class Encoding:
    """One stream's encoder."""

    def __init__(
        self, stream: StreamConfig, camera: CameraConfig, originals: Originals, store: Store, counters: CacheCounters
    ) -> None:
        self._stream, self._camera, self._originals = stream, camera, originals
        self._store, self._counters = store, counters
        self._encoder: Encoder | None = None
        self._announcement = self._announced()
        self._base = store_keys.key(
            store_keys.made_by(__name__),
            identity.plain_identity(stream.codec, stream.model),
            *sent_by(self._announcement),
        )
        # No codec of ours tells qualities within one of the header's steps apart; another package's may.
        self._by_step = registry.plugin_of(stream.codec) is None
        self._refers = identity.refers(stream.codec, stream.model)
        self._group = _CodedGroup()
        self._at, self._done = self._group, 0
        """How far the encoder is: in which group, and how many of its frames it has coded."""

    @property
    def announcement(self) -> Announcement:
        """The constants of the stream."""
        return self._announcement

    def encode(self, sequence: int, capture_ns: int, quality: float, key: bool) -> bytes:
        """Return the bitstream of the frame captured at `capture_ns`; frames are asked for in order."""
        own = self._originals.key(self._stream.name, capture_ns)
        said = store_keys.key(own, framing.quality_step(quality) if self._by_step else quality)
        begins = key or not self._refers or not self._group.asked
        name = store_keys.key(self._base, said, "" if begins else self._group.digest)
        asked = EncodeRequest(capture_ns, quality, key)
        data = self._store.get(KIND, name)
        if data is None or not self._is_frame(data):
            # Under one number, whatever the frame's is.
            data = slices.renumbered(self._code(asked, begins=begins), 0, self._announcement)
            self._store.put(KIND, name, data)
        self._go_on(asked, said, is_key=framing.is_key(data))
        return slices.renumbered(data, sequence, self._announcement)

    def _is_frame(self, data: bytes) -> bool:
        try:
            slices.verify(data, self._announcement)
        except BitstreamError:
            return False
        return True

    def _go_on(self, asked: EncodeRequest, said: str, *, is_key: bool) -> None:
        group, coded = self._group, self._at is self._group and self._done > len(self._group.asked)
        if is_key:
            self._group = _CodedGroup(said, [asked])
            if coded:
                self._at, self._done = self._group, 1
        else:
            group.asked.append(asked)
            group.digest = store_keys.key(group.digest, said)

    def _code(self, asked: EncodeRequest, *, begins: bool) -> bytes:
        """Code a frame with the encoder behind the group's last frame, or anywhere if the frame begins a group."""
        group = self._group
        if not begins:
            done = self._done if self._at is group else 0
            for place, before in enumerate(group.asked[done:], done):
                self._call(before, key=before.key or place == 0)
        data = self._call(asked, key=asked.key or begins)
        self._at, self._done = group, len(group.asked) + 1
        return data

    def _call(self, asked: EncodeRequest, *, key: bool) -> bytes:
        self._counters.encodes += 1
        frame = self._originals.frame(self._stream.name, asked.capture_ns)
        return self._opened().encode(frame, asked.quality, key=key)

    def _opened(self) -> Encoder:
        if self._encoder is None:
            stream, camera = self._stream, self._camera
            self._encoder = registry.open_encoder(
                stream.codec, camera.width, camera.height, stream.model, stream.slices
            )
            if self._encoder.announcement != self._announcement:
                raise InputError(
                    f"stream {stream.name}: {stream.codec} announces itself otherwise than it did when this cache was filled; "
                    "expected the same libraries, or delete the cache"
                )
        return self._encoder

    def _announced(self) -> Announcement:
        stream, camera = self._stream, self._camera
        size = camera.width, camera.height
        own = identity.codec_identity(stream.codec, stream.model)
        name = store_keys.key(store_keys.made_by(__name__), stream.codec, stream.model, own, *size, stream.slices)
        known = self._store.get(ANNOUNCED, name)
        if known is not None:
            return _restored(known, stream, camera)
        self._encoder = registry.open_encoder(stream.codec, *size, stream.model, stream.slices)
        announcement = self._encoder.announcement
        self._store.put(ANNOUNCED, name, json.dumps(asdict(announcement)).encode())
        return announcement


def _restored(known: bytes, stream: StreamConfig, camera: CameraConfig) -> Announcement:
    """Return a stream's announcement from the store."""
    try:
        announcement = announcements.restored(json.loads(known))
        announcements.check_expected(
            announcement, stream.name, stream.codec, camera.width, camera.height, stream.slices
        )
    except (ValueError, RecursionError, BitstreamError) as error:
        reason = error if isinstance(error, BitstreamError) else "not JSON"
        raise InputError(
            f"stream {stream.name}: its announcement in the cache is damaged ({reason}); delete the cache"
        ) from error
    return announcement


def sent_by(announcement: Announcement) -> tuple[str, ...]:
    """Return what frames on the link depend on: neither where a model lies nor a side-information stage behind the decoder."""
    a = announcement
    plain = a.codec.removesuffix(registry.FUSE)
    return plain, a.checkpoint_digest, a.tables_digest, str(a.width), str(a.height), a.parameters, str(a.slices)
