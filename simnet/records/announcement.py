"""Announcement of a stream: what is constant in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Announcement:
    """Constants of a stream, announced once; fusion refuses a stream with unknown digests."""

    codec: str
    model: str
    checkpoint_digest: str
    """Checkpoint digest, hexadecimal; empty for codecs without weights."""
    tables_digest: str
    width: int
    height: int
    parameters: str = ""
    """Parameter sets of a video codec, hexadecimal; the decoder needs them first."""
    slices: int = 1
    """How many slices a frame has, each decodable by itself; 1 is a frame that is not sliced."""
