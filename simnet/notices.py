"""Words to the user about what was mended or left out, each told once a process."""

from __future__ import annotations

import logging
from functools import lru_cache

_LOG = logging.getLogger(__name__)


@lru_cache(maxsize=4096)
def tell(text: str) -> None:
    """Log a warning of one line, unless it has been told."""
    _LOG.warning("%s", text)


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 point`, `3 points`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
