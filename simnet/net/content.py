"""Content of a send: what a packet observer sees beside sizes and times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ContentKind = Literal["media", "again", "repair", "acknowledgement", "feedback"]
"""First transmissions, retransmissions, repair packets of an erasure code, and the two kinds that travel to the sender."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes of one send. If its size is larger than `data`, the rest is known as a size only."""

    flow: str
    """Name of the stream."""
    kind: ContentKind
    data: bytes
    until_ns: int
    """Deadline of the frame (capture + deadline), which identifies it within its stream. Of feedback: when it is sent."""
    is_last: bool = True
    """Whether the last packet of this send is the last one of its kind for the frame."""
