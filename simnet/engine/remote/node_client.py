"""Client of node hosts: a request in, its answer out, with replay after a crash.

post ──▶ on record?  yes: no need to send it          result ◀── the recorded answer
no:  socket ──▶ host                    ◀── the host's, which goes on record
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.engine.recovery import marshalling
from simnet.errors import InputError, NodeLostError, WireError
from simnet.wire.protocol.messages import Message

if TYPE_CHECKING:
    from simnet.engine.recovery.journal import Journal
    from simnet.engine.recovery.replay import Replay
    from simnet.engine.remote.reply_checks import ReplyChecks
    from simnet.records.score import Score
    from simnet.wire.sockets.broker_socket import BrokerSocket

ANSWER_S = 120.0
"""No node takes longer for one answer."""


class NodeClient:
    """Asks hosts, and records what they were asked and what they answered."""

    def __init__(self, socket: BrokerSocket, replay: Replay, journal: Journal, checks: ReplyChecks) -> None:
        self._socket, self._replay, self._journal, self._checks = socket, replay, journal, checks
        socket.expect(checks.most_bytes)

    @property
    def is_live(self) -> bool:
        """Whether what happens now happens for the first time: no recorded answer is left."""
        return self._journal.is_spent

    def post(self, host: str, message: Message) -> int:
        """Send a request unless its answer is on record; return its ticket."""
        ticket = self._socket.next_ticket(host)
        if self._journal.loss(host, ticket) is not None:
            self._socket.skip(host)
        elif self._is_recorded(host, ticket, message):
            self._socket.skip(host)
            # Answers come in another order than requests: a host that is needed already has to know this one too.
            if self._replay.is_told(host):
                self._socket.tell(host, message)
        else:
            # A resumed run's first request to a host finds it empty.
            for _, known in self._replay.catch_up(host):
                self._socket.tell(host, known)
            self._socket.post(host, message)
        self._replay.posted(host, ticket, message)
        return ticket

    def result(self, host: str, ticket: int, what: str) -> Message:
        """Return the answer to a request; for a picture that has a recorded score, without the picture.

        Raises:
            NodeLostError: The host is gone for good, or its answer cannot be true and it is refused.
            NodeError: It failed or is too slow; another SimnetError where the fault is another's.
        """
        if (reason := self._journal.loss(host, ticket)) is not None:
            raise NodeLostError(host, reason)
        request = self._replay.open_request(host, ticket)
        if (score := self._scored(request)) is not None:
            reply = Message("decoded", {"digest": score[0]})
        elif (recorded := self._journal.answer(host, ticket)) is not None:
            reply = self._recorded(host, request, recorded)
        else:
            reply = marshalling.raise_if_failed(self._socket.result(host, ticket, what, ANSWER_S), host)
            self._check(host, request, reply)
            self._journal.record(host, ticket, reply)
        self._replay.answered(host, ticket, reply)
        return reply

    def give_up(self, host: str, ticket: int, reason: str) -> None:
        """Record that the run continues without `host`, which has not answered this request."""
        if self._journal.loss(host, ticket) is None:
            self._journal.record_loss(host, ticket, reason)

    def score(self, stream: str, sequence: int) -> tuple[str, Score | None] | None:
        """Return the recorded digest and score of a picture."""
        return self._journal.score(stream, sequence)

    def change(self, stream: str, sequence: int) -> int | None:
        """Return the recorded change that side information made to a picture."""
        return self._journal.change(stream, sequence)

    def record_change(self, stream: str, sequence: int, squared: int) -> None:
        """Record what side information changed in a picture."""
        self._journal.record_change(stream, sequence, squared)

    def wait(self, seconds: float) -> None:
        """Let wall time pass, taking in what hosts say."""
        self._socket.wait(seconds)

    def _check(self, host: str, request: Message, reply: Message) -> None:
        """Take no more from a host whose answer cannot be true: the run goes on as if it were lost for good."""
        try:
            self._checks.check(request, reply)
        except WireError as error:
            reason = f"refused, it says what cannot be: {error}"
            self._socket.refuse(host, reason)
            raise NodeLostError(host, reason) from error

    def _recorded(self, host: str, request: Message, reply: Message) -> Message:
        """Return a recorded answer: the checks follow the run, so they see it too."""
        try:
            self._checks.check(request, reply)
        except WireError as error:
            text = (
                f"{host}: the journal holds an answer that cannot be: {error}; expected the journal that the run wrote"
            )
            raise InputError(text) from error
        return reply

    def _is_recorded(self, host: str, ticket: int, request: Message) -> bool:
        return self._journal.has(host, ticket) or self._scored(request) is not None

    def _scored(self, request: Message) -> tuple[str, Score | None] | None:
        if request.kind != "picture":
            return None
        return self._journal.score(request.header["stream"], request.header["sequence"])
