"""What side information changed in pictures, until fusion's next allotment takes it in.

Pictures are decoded behind the clock. At an allotment all that are ready by then in virtual time count, so it does not depend on
how fast they were decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.records.grants import SideChange

if TYPE_CHECKING:
    from simnet.records import Scenario


class SideChanges:
    """The changes that fusion has not been told. Nothing is kept in a scenario without `fusion.allotment`."""

    def __init__(self, scenario: Scenario) -> None:
        allotment = scenario.fusion.allotment
        self.are_wanted = allotment is not None
        self._every_ns = self._next_ns = 0 if allotment is None else allotment.every_ns
        self._found: dict[tuple[str, int], tuple[int, int]] = {}

    def add(self, stream: str, sequence: int, ready_ns: int, squared: int) -> None:
        """Note what changed in a picture that is ready at `ready_ns`."""
        self._found[stream, sequence] = ready_ns, squared

    def is_due(self, now_ns: int) -> bool:
        """Return whether fusion allots when it is woken now; each time counts once."""
        if not self.are_wanted or now_ns < self._next_ns:
            return False
        self._next_ns += self._every_ns
        return True

    def take(self, now_ns: int) -> tuple[SideChange, ...]:
        """Return, and forget, the changes of pictures that are ready by now."""
        ready = sorted(key for key, (ready_ns, _) in self._found.items() if ready_ns <= now_ns)
        return tuple(SideChange(*key, self._found.pop(key)[1]) for key in ready)
