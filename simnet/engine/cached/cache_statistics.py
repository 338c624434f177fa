"""What had to be done because nobody had done it before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """How often a real codec was called, a frame was made and a picture was scored."""

    encodes: int = 0
    decodes: int = 0
    renders: int = 0
    scores: int = 0
