"""Pictures by their digests: those in use in memory, all of them in the store.

They are stored as they are: lossless compression was measured to save a third at best, for several times the time of writing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simnet.engine.cached.frame_cache import KEPT_BYTES, FrameCache

if TYPE_CHECKING:
    from simnet.store import Store

LEAST = 16
"""So many pictures are held in memory whatever their size: they may be side information of one another."""
KIND = "pixels"


class PictureKey(NamedTuple):
    """Identifies a picture: the digest of its pixels, as in rows, and its size (black pixels are alike at any size)."""

    digest: str
    height: int
    width: int


def key_of(picture: np.ndarray) -> PictureKey:
    """Return the key of a picture (uint8, H x W x 3)."""
    return _key_of(picture.tobytes(), picture)


class PictureCache:
    """Pictures of a run by their prints."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._frames: FrameCache[PictureKey] = FrameCache(KEPT_BYTES, LEAST)

    def add(self, picture: np.ndarray, capture_ns: int) -> PictureKey:
        """Store a picture of that instant; return its key."""
        data = picture.tobytes()
        own = _key_of(data, picture)
        if own not in self._frames:
            self._store.put(KIND, _name(own), data)
        self._frames.put(own, _picture_of(data, own), capture_ns)
        return own

    def find(self, wanted: PictureKey, capture_ns: int) -> np.ndarray | None:
        """Return a picture, not to be written to; None if it is neither here nor in the store. It serves that instant."""
        kept = self._frames.get(wanted, capture_ns)
        if kept is not None:
            return kept
        data = self._store.get(KIND, _name(wanted))
        if data is None or len(data) != wanted.height * wanted.width * 3:
            return None
        picture = _picture_of(data, wanted)
        self._frames.put(wanted, picture, capture_ns)
        return picture

    def forget(self, oldest_ns: int) -> None:
        """Let go of pictures that serve no instant from `oldest_ns` on; the store still has them."""
        self._frames.forget(oldest_ns)


def _key_of(data: bytes, picture: np.ndarray) -> PictureKey:
    height, width = picture.shape[:2]
    return PictureKey(hashlib.sha256(data).hexdigest()[:32], height, width)


def _picture_of(data: bytes, own: PictureKey) -> np.ndarray:
    return np.frombuffer(data, np.uint8).reshape(own.height, own.width, 3)


def _name(own: PictureKey) -> str:
    return f"{own.digest} {own.height}x{own.width}"
