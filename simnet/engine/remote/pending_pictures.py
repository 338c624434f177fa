"""Pictures that fusion was asked for and that are still to come: fetched in order, a bounded number behind the clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from simnet.engine.recovery import marshalling
from simnet.engine.timing.backlog import backlog
from simnet.nodes.schedule import Schedule
from simnet.nodes.side_changes import SideChanges
from simnet.quality import squared_difference
from simnet.records.score import DecodedPicture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simnet.engine.kernel.port import Results
    from simnet.engine.remote.node_client import NodeClient
    from simnet.records import Scenario
    from simnet.records.grants import Decision, SideChange


class PendingPictures:
    """One run's decodings on their way to its results."""

    def __init__(self, scenario: Scenario, client: NodeClient, results: Results) -> None:
        self._client, self._results = client, results
        self._schedules = {
            stream.name: Schedule.of(scenario.cameras[stream.name], scenario.duration_ns) for stream in scenario.streams
        }
        self._changes = SideChanges(scenario)
        self._outstanding: deque[tuple[str, Decision, int]] = deque()
        self._most = backlog(scenario)

    def ask(self, host: str, decision: Decision, data: bytes) -> None:
        """Ask `host` for the picture that was decided on, whose frame is `data`."""
        ticket = self._client.post(host, marshalling.picture_message(decision, data))
        self._outstanding.append((host, decision, ticket))
        while len(self._outstanding) > self._most:
            self._fetch_oldest()

    def changes(self, now_ns: int) -> tuple[SideChange, ...]:
        """Return what side information changed in pictures, if fusion allots rates now; each of them once."""
        if not self._changes.is_due(now_ns):
            return ()
        self.fetch_all()
        return self._changes.take(now_ns)

    def fetch_all(self) -> None:
        """Wait for what is still on its way."""
        while self._outstanding:
            self._fetch_oldest()

    def _fetch_oldest(self) -> None:
        host, decision, ticket = self._outstanding.popleft()
        stream, sequence = decision.stream, decision.sequence
        reply = self._client.result(host, ticket, f"the picture of frame {sequence} of {stream}")
        digest = reply.header["digest"]
        if self._changes.are_wanted and (squared := self._squared(stream, sequence, reply.payloads)) is not None:
            self._changes.add(stream, sequence, decision.ready_ns or 0, squared)
        if (known := self._client.score(stream, sequence)) is not None:
            self._results.scored(stream, sequence, digest, known[1])
            return
        picture, *alone = reply.payloads
        capture_ns = self._schedules[stream].capture_ns(sequence)
        self._results.decoded(
            DecodedPicture(stream, sequence, capture_ns, picture, alone[0] if alone else None, digest)
        )

    def _squared(self, stream: str, sequence: int, payloads: Sequence[bytes]) -> int | None:
        """Return what side information changed, from the record if the picture was decoded before the run was resumed."""
        if (known := self._client.change(stream, sequence)) is not None:
            return known
        if len(payloads) < 2:
            return None
        picture, alone = (np.frombuffer(each, np.uint8) for each in payloads)
        squared = squared_difference(picture, alone)
        self._client.record_change(stream, sequence, squared)
        return squared
