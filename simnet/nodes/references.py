"""References between frames of a stream: which frame can be decoded, in which order, and when a key frame is requested.

    a key frame                              can be decoded
    refers to the frame decoded last         can be decoded
    refers to a frame that is on its way     waits for it
    refers to any other frame                is lost, and with it all later frames up to the next key frame

Everything follows from sequence numbers and key flags, so it does not depend on when pixels are decoded.
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
    """Frames of one stream and the references between them.

    A stream that consists of key frames only has no decoding order and requests nothing.
    """

    has_references: bool = False
    """Whether any frame so far refers to another one."""
    undecodable: int | None = None
    """The newest frame since the newest key frame that was lost or cannot be decoded; it blocks all frames up to a key frame."""
    _last_decoded: int | None = None
    _newest_decoded: int = -1
    """Differs from `_last_decoded` where key frames arrive out of order."""
    _newest_key: int = -1
    _lost: set[int] = field(default_factory=set[int])
    _request_ns: int | None = None
    """When a key frame is to be requested, or requested again."""

    def on_arrival(self, sequence: int, *, key: bool) -> None:
        """Note that a whole frame has arrived."""
        self.has_references = self.has_references or not key
        if key and sequence > self._newest_key:
            self._newest_key = sequence
            if self.undecodable is not None and self.undecodable < sequence:
                self.undecodable = self._request_ns = None

    def on_loss(self, sequence: int, now_ns: int) -> None:
        """Note that a frame did not arrive whole or can never be decoded."""
        self._lost.add(sequence)
        if sequence > self._newest_key:
            self.undecodable = sequence if self.undecodable is None else max(self.undecodable, sequence)
            if self._request_ns is None:
                self._request_ns = now_ns

    def on_decode(self, sequence: int) -> None:
        """Note that a frame is decoded next."""
        self._last_decoded, self._newest_decoded = sequence, max(sequence, self._newest_decoded)
        if self._lost:
            self._lost = {other for other in self._lost if other > self._newest_decoded}

    def decodability(self, sequence: int, *, key: bool) -> Decodability:
        """Return whether a frame that has arrived can be decoded, without regard to other frames that wait."""
        if key:
            # The decoder is past this frame: decoding it now would break the references of the frames that came since.
            return Decodability.NEVER if self.has_references and sequence <= self._newest_decoded else Decodability.NOW
        reference = sequence - 1
        if reference == self._last_decoded:
            return Decodability.NOW
        # Frame -1, the reference of frame 0, counts as decoded but is never the last one.
        is_unavailable = reference <= self._newest_decoded or reference in self._lost
        return Decodability.NEVER if is_unavailable else Decodability.LATER

    def request(self, now_ns: int, period_ns: int) -> int | None:
        """Return `undecodable` if a key frame is to be requested now; the next request is due after `period_ns`."""
        if not self.has_references or self._request_ns is None or now_ns < self._request_ns:
            return None
        self._request_ns = now_ns + period_ns
        return self.undecodable

    @property
    def request_ns(self) -> int | None:
        """When the next request is due; None if there is none."""
        return self._request_ns if self.has_references else None
