"""A run's exports as a watcher: they learn from its ledger, its scorer and its network."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from simnet import exports
from simnet.engine.results.watched_ledger import RunWatcher
from simnet.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.scorer import Frame
    from simnet.exports import Exports
    from simnet.net import Network
    from simnet.records import Announcement, Scenario
    from simnet.records.grants import Coded, Decision
    from simnet.records.score import ScoredPicture
    from simnet.records.view_truth import ViewTruth

    Truth = Callable[[str, int], ViewTruth | None]


class ExportObserver(RunWatcher):
    """Passes on what exports want to know."""

    def __init__(self, files: Exports, *, with_pictures: bool) -> None:
        self.files = files
        self._with_pictures = with_pictures
        self._due: dict[tuple[str, int], exports.FrameDecision] = {}
        """Frames that were decided and whose picture is still to come."""

    def watch(self, network: Network) -> None:
        """Tell of this network's packets, if anybody wants to know."""
        if (watcher := self.files.packets) is not None:
            network.observe(watcher)

    def opened(self, announcements: Mapping[str, Announcement]) -> None:
        """See `RunWatcher`."""
        self.files.opened(announcements)

    def coded(self, stream: str, coded: Coded, now_ns: int) -> None:
        """See `RunWatcher`."""
        self.files.coded(stream, coded.sequence, coded.data, coded.quality, now_ns)

    def decided(self, ledger: Ledger, decision: Decision) -> None:
        """See `RunWatcher`."""
        stream, sequence = decision.stream, decision.sequence
        captured_ns, link_bytes = ledger.sent(stream, sequence)
        frame_decision = exports.FrameDecision(
            stream, sequence, captured_ns, decision.outcome, decision.ready_ns, link_bytes
        )
        if self._with_pictures and frame_decision.ready_ns is not None:
            self._due[stream, sequence] = frame_decision
        self.files.decided(frame_decision)

    def node_lost(self, ledger: Ledger, stream: str, sequence: int) -> None:
        """See `RunWatcher`."""
        captured_ns, _ = ledger.sent(stream, sequence)
        self.files.decided(exports.FrameDecision(stream, sequence, captured_ns, Outcome.NODE_LOST, None, 0))

    def scored(self, picture: ScoredPicture) -> None:
        """See `RunWatcher`."""
        if self._with_pictures:
            frame_decision = self._due.pop((picture.stream, picture.sequence))
            psnr_db = picture.score and picture.score.psnr_db
            self.files.pictured(exports.ExportedPicture(frame_decision, picture.original, picture.decoded, psnr_db))


@contextmanager
def exporting(
    kinds: Collection[str], out: Path, scenario: Scenario, frame: Frame | None, truth: Truth | None = None
) -> Iterator[ExportObserver | None]:
    """Begin these exports of a run in its folder; those that are not finished within are removed. Without any, yields None.

    `frame` gives what cameras saw, `truth` what a rendered world knows of that; None if the run has no pictures.
    """
    exports.drop_leftovers(out)
    if not kinds:
        yield None
        return
    with exports.open_exports(kinds, out, scenario, frame, truth) as files:
        yield ExportObserver(files, with_pictures=exports.wants_pictures(kinds))
