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
        self._known: set[Hashable] = set()

    def once(self, peer: Hashable, text: str) -> None:
        """Log a warning, unless there has been one about this peer."""
        if peer not in self._known and len(self._known) < REMEMBERED:
            self._known.add(peer)
            _LOG.warning("%s", text)
