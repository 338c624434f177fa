"""Warnings about peers, each logged once per peer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

REMEMBERED = 4096
"""Number of peers that are warned about; later ones are not, so that the log stays readable."""

_LOG = logging.getLogger(__name__)


class LogOnce:
    """Logs one warning per peer. Not thread-safe: one thread owns it."""

    def __init__(self) -> None:
        self._warned: set[Hashable] = set()

    def warn(self, peer: Hashable, text: str) -> None:
        """Log a warning about `peer` unless it had one already."""
        if peer not in self._warned and len(self._warned) < REMEMBERED:
            self._warned.add(peer)
            _LOG.warning("%s", text)
