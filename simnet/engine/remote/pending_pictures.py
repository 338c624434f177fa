"""Pictures that fusion has been asked for: fetched in order, a bounded number behind the clock, and handed to be scored."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simnet.engine.recovery import marshalling
from simnet.engine.results.scorer import Shown
from simnet.nodes.schedule import Schedule

if TYPE_CHECKING:
    from simnet.engine.remote.node_client import Hosts
    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.scorer import Scorer
    from simnet.records import Scenario
    from simnet.records.grants import Decision

PICTURES_BEHIND = 16
"""How many decodings may be outstanding before the clock waits."""


class AwaitedPictures:
    """One run's decodings on their way."""

    def __init__(self, scenario: Scenario, hosts: Hosts, ledger: Ledger, scorer: Scorer) -> None:
        self._hosts, self._ledger, self._scorer = hosts, ledger, scorer
        self._schedules = {
            stream.name: Schedule.of(scenario.cameras[stream.name], scenario.duration_ns) for stream in scenario.streams
        }
        self._outstanding: deque[tuple[str, str, int, int]] = deque()

    def ask(self, host: str, decision: Decision, data: bytes) -> None:
        """Ask `host` for the picture that was decided on, whose frame is `data`."""
        request = self._hosts.post(host, marshalling.picture_message(decision, data))
        self._outstanding.append((host, decision.stream, decision.sequence, request))
        while len(self._outstanding) > PICTURES_BEHIND:
            self._fetch_oldest()

    def fetch_all(self) -> None:
        """Wait for what is still on its way."""
        while self._outstanding:
            self._fetch_oldest()

    def _fetch_oldest(self) -> None:
        host, stream, sequence, request = self._outstanding.popleft()
        reply = self._hosts.result(host, request, f"the picture of frame {sequence} of {stream}")
        digest = reply.header["digest"]
        self._ledger.pictured(stream, sequence, digest)
        if (known := self._hosts.score(stream, sequence)) is not None:
            self._ledger.scored(stream, sequence, known[1])
            self._scorer.passed(stream, sequence)
            return
        picture, *alone = reply.payloads
        captured_ns = self._schedules[stream].capture_ns(sequence)
        self._scorer.put(Shown(stream, sequence, captured_ns, picture, alone[0] if alone else None, digest))
