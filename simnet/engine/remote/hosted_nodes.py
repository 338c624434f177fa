"""Provides a run's nodes on hosts: the hosts started, the journal fed, the world opened."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from simnet.engine.recovery.picture_spool import PictureSpool
from simnet.engine.recovery.replay import Replay
from simnet.engine.remote.node_client import NodeClient
from simnet.engine.remote.remote_nodes import RemoteNodes
from simnet.engine.remote.reply_checks import ReplyChecks
from simnet.engine.timing import process_memory
from simnet.engine.timing.backlog import MOST
from simnet.library_threads import limited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np

    from simnet.engine.kernel.port import Results
    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.recovery.journal import Journal
    from simnet.engine.remote.launcher import Launcher
    from simnet.records import Scenario
    from simnet.records.score import Score
    from simnet.records.view_truth import ViewTruth


class HostedNodes:
    """Provides nodes on the hosts of a launcher (`kernel.port.NodeProvider`); a context. The caller owns the world."""

    def __init__(
        self,
        scenario: Scenario,
        launcher: Launcher,
        journal: Journal,
        world: LazyWorld,
        *,
        has_pictures: bool,
        answer_delay_s: float = 0.0,
        overrides: Sequence[str] = (),
    ) -> None:
        """Carry the nodes of a scenario; see `RemoteNodes` for what the options are."""
        process_memory.keep_freed_pages()
        self._scenario, self._launcher, self._journal = scenario, launcher, journal
        self._has_pictures, self._answer_delay_s, self._overrides = has_pictures, answer_delay_s, overrides
        self._world = world
        self._held = ExitStack()

    def __enter__(self) -> HostedNodes:
        self._held.enter_context(limited())
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    @property
    def frame(self) -> Callable[[str, int], np.ndarray] | None:
        """Returns what a camera sees at a time; None if the run has no pictures."""
        return self._world.frame if self._has_pictures else None

    @property
    def truth(self) -> Callable[[str, int], ViewTruth | None] | None:
        """Returns what a rendered world knows of a camera's frame; None if the run has no pictures."""
        return self._world.truth if self._has_pictures else None

    @property
    def record_score(self) -> Callable[[str, int, str, Score | None], None] | None:
        """Takes each score into the journal."""
        return self._journal.record_score if self._has_pictures else None

    @contextmanager
    def nodes(self, results: Results) -> Iterator[RemoteNodes]:
        """Carry the nodes; the end of the context stops the hosts, with the reason if the run failed."""
        # Decodings on their way, then pictures that wait to be scored, and one at either end. A resumed run asks first for
        # the oldest picture without a score, and has as many decodings before it on their way again.
        behind = 2 * (MOST + 1) + MOST + 2
        spool = PictureSpool(self._journal.pictures, self._scenario, behind)
        replay = Replay(spool)
        with self._launcher(self._scenario, self._world, replay) as pool:
            yield RemoteNodes(
                self._scenario,
                pool,
                NodeClient(pool.socket, replay, self._journal, ReplyChecks(self._scenario)),
                results,
                has_pictures=self._has_pictures,
                answer_delay_s=self._answer_delay_s,
                overrides=self._overrides,
                world_bytes=lambda: self._world.peak_bytes,
            )
