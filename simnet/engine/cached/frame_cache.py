"""Cache of pictures in memory, bounded in bytes: a frame is asked for again once it was sent, waited for and decoded."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np

KEPT_BYTES = 128 * 2**20

Key = TypeVar("Key")


class FrameCache(Generic[Key]):
    """Keeps the pictures that were used last. Threads that share it hold a lock.

    Each picture serves an instant, in virtual time, so that those of the past can be dropped together.
    """

    def __init__(self, limit_bytes: int, least: int = 0) -> None:
        """Keep pictures of `limit_bytes` in all, and the `least` used last whatever their size."""
        self._limit_bytes, self._least = limit_bytes, least
        self._frames: OrderedDict[Key, tuple[np.ndarray, int]] = OrderedDict()
        self._kept_bytes = 0

    def __contains__(self, key: Key) -> bool:
        """Return whether a picture is kept."""
        return key in self._frames

    def get(self, key: Key, t_ns: int) -> np.ndarray | None:
        """Return a picture, not to be written to, which serves `t_ns` from now on; None if it is not kept."""
        kept = self._frames.pop(key, None)
        if kept is None:
            return None
        self._frames[key] = kept[0], max(kept[1], t_ns)
        return kept[0]

    def put(self, key: Key, frame: np.ndarray, t_ns: int) -> None:
        """Keep a picture that serves `t_ns`; those used longest ago go if there is no room."""
        self._drop(key)
        self._frames[key] = frame, t_ns
        self._kept_bytes += frame.nbytes
        while self._kept_bytes > self._limit_bytes and len(self._frames) > self._least:
            self._drop(next(iter(self._frames)))

    def forget(self, oldest_ns: int) -> None:
        """Drop pictures that serve no instant from `oldest_ns` on."""
        for key in [key for key, (_, last_ns) in self._frames.items() if last_ns < oldest_ns]:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        kept = self._frames.pop(key, None)
        if kept is not None:
            self._kept_bytes -= kept[0].nbytes
