"""Complaints about peers: one line each, however often they give cause."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

REMEMBERED = 4096
"""Complaints about more peers than these are not made: a log is to be read."""

_LOG = logging.getLogger(__name__)


class Complaints:
    """Remembers whom it has complained about. Belongs to one thread."""

    def __init__(self) -> None:
        self._known: set[Hashable] = set()

    def once(self, peer: Hashable, text: str) -> None:
        """Log a warning, unless there has been one about this peer."""
        if peer not in self._known and len(self._known) < REMEMBERED:
            self._known.add(peer)
            _LOG.warning("%s", text)
