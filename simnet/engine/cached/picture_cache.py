"""Pictures by their digests: those in use in memory, all of them in the store.

They are stored as they are: lossless compression was measured to save a third at best, for several times the time of writing.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from simnet.store import Store

KEPT_BYTES = 128 * 2**20
"""Pictures are held in memory up to this size, but for a few that may be side information of one another."""
KEPT = 16
KIND = "pixels"


class Print(NamedTuple):
    """What tells a picture: the digest of its pixels as runs write it down, and its size (black is black at any)."""

    digest: str
    height: int
    width: int


def print_of(picture: np.ndarray) -> Print:
    """Return the print of a picture (uint8, H x W x 3)."""
    return _print_of(picture.tobytes(), picture)


class Gallery:
    """Holds what was asked for last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: OrderedDict[Print, tuple[np.ndarray, int]] = OrderedDict()
        self._held_bytes = 0

    def add(self, picture: np.ndarray, capture_ns: int) -> Print:
        """Store a picture of that instant; return its print."""
        data = picture.tobytes()
        own = _print_of(data, picture)
        if own not in self._held:
            self._store.put(KIND, _name(own), data)
        self._hold(own, _picture_of(data, own), capture_ns)
        return own

    def find(self, wanted: Print, capture_ns: int) -> np.ndarray | None:
        """Return a picture, not to be written to; None if it is neither here nor in the store. It serves that instant."""
        if wanted in self._held:
            picture, last_ns = self._held.pop(wanted)
            self._held[wanted] = picture, max(last_ns, capture_ns)
            return picture
        data = self._store.get(KIND, _name(wanted))
        if data is None:
            return None
        picture = _picture_of(data, wanted)
        self._hold(wanted, picture, capture_ns)
        return picture

    def forget(self, oldest_ns: int) -> None:
        """Let go of pictures that serve no instant from `oldest_ns` on; the store still has them."""
        for old in [own for own, (_, last_ns) in self._held.items() if last_ns < oldest_ns]:
            self._held_bytes -= self._held.pop(old)[0].nbytes

    def _hold(self, own: Print, picture: np.ndarray, capture_ns: int) -> None:
        if own in self._held:
            self._held_bytes -= self._held.pop(own)[0].nbytes
        self._held[own] = picture, capture_ns
        self._held_bytes += picture.nbytes
        while self._held_bytes > KEPT_BYTES and len(self._held) > KEPT:
            self._held_bytes -= self._held.popitem(last=False)[1][0].nbytes


def _print_of(data: bytes, picture: np.ndarray) -> Print:
    height, width = picture.shape[:2]
    return Print(hashlib.sha256(data).hexdigest()[:32], height, width)


def _picture_of(data: bytes, own: Print) -> np.ndarray:
    return np.frombuffer(data, np.uint8).reshape(own.height, own.width, 3)


def _name(own: Print) -> str:
    return f"{own.digest} {own.height}x{own.width}"
