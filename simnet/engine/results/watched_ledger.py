"""A ledger that forwards events to the watchers of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.engine.results.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from simnet.engine.results.ledger import WriteRows
    from simnet.net import Network, Transfer
    from simnet.records import Announcement, Row, Scenario
    from simnet.records.grants import Coded, Decision
    from simnet.records.score import Score, ScoredPicture


class RunWatcher:
    """Overrides what it wants to know.

    All comes from the run's own thread in virtual order, but for `scored` and the `finished` of a scored frame.
    """

    def watch(self, network: Network) -> None:
        """The run's links are there."""

    def opened(self, announcements: Mapping[str, Announcement]) -> None:
        """All streams are open."""

    def tick(self, now_ns: int) -> None:
        """The clock is at `now_ns`."""

    def coded(self, stream: str, coded: Coded, now_ns: int) -> None:
        """A frame's coding is done."""

    def decided(self, ledger: Ledger, decision: Decision) -> None:
        """Fusion has decided on a frame."""

    def node_lost(self, ledger: Ledger, stream: str, sequence: int) -> None:
        """A frame was never coded."""

    def fault(self, host: str, reason: str) -> None:
        """The run continues without a host."""

    def finished(self, row: Callable[[], Row]) -> None:
        """A frame's story is complete; `row` makes its row, on any thread."""

    def scored(self, picture: ScoredPicture) -> None:
        """A picture has been compared with the original."""


class WatchedLedger(Ledger):
    """A ledger with watchers."""

    def __init__(
        self,
        run: str,
        scenario: Scenario,
        write: WriteRows,
        watchers: Sequence[RunWatcher],
        *,
        has_pictures: bool,
    ) -> None:
        """Tell `watchers`; without pictures, a frame's story ends with the decision on it."""
        super().__init__(run, scenario, write, has_pictures=has_pictures)
        self._watchers = watchers

    def captured(self, stream: str, sequence: int, now_ns: int) -> None:
        """A camera was granted a capture."""
        super().captured(stream, sequence, now_ns)
        self._tick(now_ns)

    def coded(self, stream: str, coded: Coded, now_ns: int) -> None:
        """A frame's coding is done."""
        super().coded(stream, coded, now_ns)
        self._tick(now_ns)
        for each in self._watchers:
            each.coded(stream, coded, now_ns)

    def arrived(self, stream: str, sequence: int, transfer: Transfer, now_ns: int) -> None:
        """A transfer ended, complete or not."""
        super().arrived(stream, sequence, transfer, now_ns)
        self._tick(now_ns)

    def decided(self, decision: Decision, now_ns: int) -> None:
        """Fusion decided what becomes of a frame; without a picture, that is the end of its story."""
        super().decided(decision, now_ns)
        self._tick(now_ns)
        for each in self._watchers:
            each.decided(self, decision)
        if decision.ready_ns is None or not self._has_pictures:
            self._finished(self.row_of(decision.stream, decision.sequence))

    def fault(self, host: str, reason: str, now_ns: int) -> None:
        """The run continues without a host."""
        super().fault(host, reason, now_ns)
        for each in self._watchers:
            each.fault(host, reason)

    def node_lost(self, stream: str, sequence: int, now_ns: int) -> None:
        """A frame was never coded; that is the end of its story."""
        super().node_lost(stream, sequence, now_ns)
        for each in self._watchers:
            each.node_lost(self, stream, sequence)
        self._finished(self.row_of(stream, sequence))

    def scored(self, stream: str, sequence: int, score: Score | None) -> None:
        """A frame's picture has been compared with the original; None if it was not to be."""
        super().scored(stream, sequence, score)
        self._finished(self.row_of(stream, sequence))

    def _tick(self, now_ns: int) -> None:
        for each in self._watchers:
            each.tick(now_ns)

    def _finished(self, row: Callable[[], Row]) -> None:
        for each in self._watchers:
            each.finished(row)
