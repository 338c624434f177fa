"""Where nodes leave their pictures and faults: the ledger, the scorer and the watchers of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.engine.timing.backlog import MOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.scorer import Scorer
    from simnet.engine.results.watched_ledger import RunWatcher
    from simnet.records.score import DecodedPicture, Score, ScoredPicture


class RunResults:
    """Takes pictures, scores and faults of a run's nodes (`kernel.port.Results`)."""

    def __init__(
        self, ledger: Ledger, watchers: Sequence[RunWatcher] = (), scorer: Scorer | None = None, backlog: int = MOST
    ) -> None:
        """Hand over to these.

        Args:
            ledger: Takes digests, scores and faults.
            watchers: Take pictures that were scored elsewhere.
            scorer: None if the nodes score their pictures themselves, or have none.
            backlog: How many pictures may have been handed over and not be scored yet.
        """
        self.backlog = backlog
        self._ledger, self._watchers, self._scorer = ledger, watchers, scorer

    @property
    def wants_pictures(self) -> bool:
        """Whether anybody looks at `show`."""
        return bool(self._watchers)

    def fault(self, host: str, reason: str, now_ns: int) -> None:
        """Note that the run continues without a host."""
        self._ledger.fault(host, reason, now_ns)

    def decoded(self, picture: DecodedPicture) -> None:
        """Take in a picture to be scored; waits while too many are waiting."""
        self._ledger.pictured(picture.stream, picture.sequence, picture.digest)
        if self._scorer is not None:
            self._scorer.put(picture)

    def scored(self, stream: str, sequence: int, digest: str, score: Score | None) -> None:
        """Take in a picture whose score is known already."""
        self._ledger.pictured(stream, sequence, digest)
        self._ledger.scored(stream, sequence, score)
        if self._scorer is not None:
            self._scorer.passed(stream, sequence)

    def show(self, picture: ScoredPicture) -> None:
        """Show a picture that was scored elsewhere to the watchers."""
        for watcher in self._watchers:
            watcher.scored(picture)

    def finish(self) -> None:
        """Wait until every picture is scored."""
        if self._scorer is not None:
            self._scorer.finish()
