"""Outcome of a frame: what became of it at fusion."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """Outcome of a frame."""

    DECODED = "decoded"
    ALONE = "decoded without side information"
    CONCEALED = "concealed"
    """Slices of the frame are missing, or all of them, and were filled from other pictures."""
    LATE = "late"
    LOST = "lost"
    CORRUPT = "corrupt"
    REFERENCE = "reference lost"
    """The frame arrived complete but refers to a frame that was not decoded."""
    NODE_LOST = "node lost"
    """The frame was not encoded: its camera's process died and did not return."""

    @property
    def in_time(self) -> bool:
        """Whether the receiver had the picture by its deadline."""
        return self in _IN_TIME

    @property
    def has_picture(self) -> bool:
        """Whether the frame was decoded, in time or late."""
        return self in _PICTURES


_IN_TIME = frozenset({Outcome.DECODED, Outcome.ALONE, Outcome.CONCEALED})
_PICTURES = _IN_TIME | {Outcome.LATE}
