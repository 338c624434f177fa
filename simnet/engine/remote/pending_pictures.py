"""Pictures that fusion was asked for and that are still to come: fetched in order, a bounded number behind the clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from simnet.engine.recovery import marshalling
from simnet.engine.timing.backlog import backlog
from simnet.nodes.schedule import Schedule
from simnet.records.score import DecodedPicture

if TYPE_CHECKING:
    from simnet.engine.kernel.port import Results
    from simnet.engine.remote.node_client import NodeClient
    from simnet.records import Scenario
    from simnet.records.grants import Decision


class PendingPictures:
    """One run's decodings on their way to its results."""

    def __init__(self, scenario: Scenario, client: NodeClient, results: Results) -> None:
        self._client, self._results = client, results
        self._schedules = {
            stream.name: Schedule.of(scenario.cameras[stream.name], scenario.duration_ns) for stream in scenario.streams
        }
        self._outstanding: deque[tuple[str, str, int, int]] = deque()
        self._most = backlog(scenario)

    def ask(self, host: str, decision: Decision, data: bytes) -> None:
        """Ask `host` for the picture that was decided on, whose frame is `data`."""
        ticket = self._client.post(host, marshalling.picture_message(decision, data))
        self._outstanding.append((host, decision.stream, decision.sequence, ticket))
        while len(self._outstanding) > self._most:
            self._fetch_oldest()

    def fetch_all(self) -> None:
        """Wait for what is still on its way."""
        while self._outstanding:
            self._fetch_oldest()

    def _fetch_oldest(self) -> None:
        host, stream, sequence, ticket = self._outstanding.popleft()
        reply = self._client.result(host, ticket, f"the picture of frame {sequence} of {stream}")
        digest = reply.header["digest"]
        if (known := self._client.score(stream, sequence)) is not None:
            self._results.scored(stream, sequence, digest, known[1])
            return
        picture, *alone = reply.payloads
        capture_ns = self._schedules[stream].capture_ns(sequence)
        self._results.decoded(
            DecodedPicture(stream, sequence, capture_ns, picture, alone[0] if alone else None, digest)
        )
