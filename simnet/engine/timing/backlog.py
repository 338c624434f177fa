"""How many pictures may wait between two threads or processes: enough for every processor, few where they are large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.library_threads import processors

if TYPE_CHECKING:
    from simnet.records import Scenario

MOST = 16
"""What no backlog exceeds. Records of a run rely on it: another machine, with more processors, may go on with them."""
_BYTES = 8 * 2**20
"""What the pictures of a backlog take, if that is enough for every processor."""


def backlog(scenario: Scenario) -> int:
    """Return the number of pictures that may wait: two for each processor, and up to MOST if they are small."""
    cameras = (scenario.cameras[stream.name] for stream in scenario.streams)
    largest = max((3 * each.width * each.height for each in cameras), default=1)
    return min(MOST, max(2 * processors(), _BYTES // largest))
