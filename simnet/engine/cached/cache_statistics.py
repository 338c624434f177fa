"""Cache-miss counters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class CacheCounters:
    """Counts what the store did not have: calls of codecs, frames made, pictures scored."""

    encodes: int = 0
    decodes: int = 0
    renders: int = 0
    scores: int = 0
