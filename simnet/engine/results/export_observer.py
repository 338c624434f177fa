"""A run's exports, told by what the engine has: its ledger, its scorer, its network."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simnet import exports
from simnet.engine.results.watched_ledger import LedgerWatcher
from simnet.records import Announcement, Outcome
from simnet.wire.protocol.serialization import from_plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    import numpy as np

    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.scorer import Score, Shown
    from simnet.exports import Exports
    from simnet.net import Network
    from simnet.nodes.camera import Coded
    from simnet.records import Scenario
    from simnet.records.grants import Decision


class Exporting(LedgerWatcher):
    """Passes on what exports want to know."""

    def __init__(self, files: Exports, *, with_pictures: bool) -> None:
        self.files = files
        self._with_pictures = with_pictures
        self._due: dict[tuple[str, int], exports.Fate] = {}
        """Frames that were decided and whose picture is still to come."""

    def watch(self, network: Network) -> None:
        """Tell of this network's packets, if anybody wants to know."""
        if (watcher := self.files.packets) is not None:
            network.observe(watcher)

    def opened(self, announcements: Mapping[str, Any]) -> None:
        """All streams are open; what each announced, plain."""
        self.files.opened({name: from_plain(Announcement, each) for name, each in announcements.items()})

    def coded(self, stream: str, coded: Coded, now_ns: int) -> None:
        """See `LedgerWatcher`."""
        self.files.coded(stream, coded.sequence, coded.data, coded.quality, now_ns)

    def decided(self, ledger: Ledger, decision: Decision) -> None:
        """See `LedgerWatcher`."""
        stream, sequence = decision.stream, decision.sequence
        captured_ns, link_bytes = ledger.sent(stream, sequence)
        fate = exports.Fate(stream, sequence, captured_ns, decision.outcome, decision.ready_ns, link_bytes)
        if self._with_pictures and fate.ready_ns is not None:
            self._due[stream, sequence] = fate
        self.files.decided(fate)

    def node_lost(self, ledger: Ledger, stream: str, sequence: int) -> None:
        """See `LedgerWatcher`."""
        captured_ns, _ = ledger.sent(stream, sequence)
        self.files.decided(exports.Fate(stream, sequence, captured_ns, Outcome.NODE_LOST, None, 0))

    def show(self, shown: Shown, original: np.ndarray, picture: np.ndarray, score: Score) -> None:
        """A picture was scored."""
        if self._with_pictures:
            fate = self._due.pop((shown.stream, shown.sequence))
            self.files.pictured(exports.Picture(fate, original, picture, score.psnr_db))


@contextmanager
def exporting(
    kinds: Collection[str], out: Path, scenario: Scenario, world: LazyWorld | None
) -> Iterator[Exporting | None]:
    """Begin these exports of a run in its folder; those that are not finished within are removed. Without any, yields None.

    `world` is None where the run has no pictures.
    """
    exports.drop_leftovers(out)
    if not kinds:
        yield None
        return
    frame = None if world is None else world.frame
    with exports.open_exports(kinds, out, scenario, frame) as files:
        yield Exporting(files, with_pictures=exports.wants_pictures(kinds))
