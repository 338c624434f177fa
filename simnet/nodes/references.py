"""Frames that refer to the frame before them: which can be decoded, in which order, and when a key frame is asked for.

    a key frame                     can be decoded
    refers to the last one decoded  can be decoded
    refers to one on its way        waits for it
    refers to any other             lost with it, and so is all that follows up to the next key frame

All of it follows from sequence numbers and key flags, so that it is the same whenever pixels are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Decodability(Enum):
    """Whether a frame that has arrived can be decoded."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


@dataclass(slots=True)
class ReferenceChain:
    """What fusion knows of one stream's frames and of the references between them.

    A stream of which every frame is a key frame has no order and asks for nothing.
    """

    refers: bool = False
    """Whether any frame so far refers to another."""
    broken: int | None = None
    """The newest frame since the newest key frame that was lost or cannot be decoded; nothing can be before the next one."""
    _last: int | None = None
    """The frame that was decoded last."""
    _furthest: int = -1
    """The newest frame decoded: frames that refer to none may come in any order."""
    _newest_key: int = -1
    _gone: set[int] = field(default_factory=set)
    _request_ns: int | None = None
    """When a key frame is to be asked for (again)."""

    def arrived(self, sequence: int, *, key: bool) -> None:
        """A whole frame has arrived."""
        self.refers = self.refers or not key
        if key and sequence > self._newest_key:
            self._newest_key = sequence
            if self.broken is not None and self.broken < sequence:
                self.broken = self._request_ns = None

    def lost(self, sequence: int, now_ns: int) -> None:
        """A frame did not arrive whole, or its turn will never come."""
        self._gone.add(sequence)
        if sequence > self._newest_key:
            self.broken = sequence if self.broken is None else max(self.broken, sequence)
            if self._request_ns is None:
                self._request_ns = now_ns

    def turn(self, sequence: int, *, key: bool) -> Decodability:
        """Return whether a frame that has arrived can be decoded, by itself."""
        if key:
            # The decoder has gone on, and going back would break off what came since.
            return Decodability.NEVER if self.refers and sequence <= self._furthest else Decodability.NOW
        before = sequence - 1
        if before == self._last:
            return Decodability.NOW
        # Frame -1 counts as one that has been decoded and is no decoder's last.
        return Decodability.NEVER if before <= self._furthest or before in self._gone else Decodability.LATER

    def decoded(self, sequence: int) -> None:
        """A frame's decoding is decided."""
        self._last, self._furthest = sequence, max(sequence, self._furthest)
        if self._gone:
            self._gone = {other for other in self._gone if other > self._furthest}

    def request(self, now_ns: int, period_ns: int) -> int | None:
        """Return what `broken` is if a key frame is to be asked for now; it will be asked for again after `period_ns`."""
        if not self.refers or self._request_ns is None or now_ns < self._request_ns:
            return None
        self._request_ns = now_ns + period_ns
        return self.broken

    @property
    def request_ns(self) -> int | None:
        """When the next request is due; None while none is."""
        return self._request_ns if self.refers else None
