"""Sequence numbers and cached replies, which make repeated messages harmless. Sans-IO: no socket, no clock.

broker: Requests   numbers requests and keeps them until their replies; can repeat the outstanding ones in order
host:   Replies    a new request is handled; a repeated one gets the kept reply, or is being handled already
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from operator import itemgetter
from typing import TYPE_CHECKING

from simnet.errors import WireError
from simnet.wire.protocol.message_types import ANSWERS
from simnet.wire.protocol.messages import Envelope, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REPLAYED = 0
"""Ticket of replayed messages, whose replies the broker does not wait for."""


class RequestStatus(Enum):
    """Status of a request at a host."""

    NEW = "handle it"
    WORKING = "repeated, its reply is not ready yet"
    REPLIED = "repeated, send the kept reply again"
    STALE = "acknowledged already, or of another session or epoch: ignore it"
    EARLY = "an earlier request is missing: ignore it, the broker repeats both"


@dataclass(slots=True)
class Requests:
    """Requests of the broker to one host.

    A request keeps its ticket for the whole run. Its number on the wire belongs to one epoch: when a host comes back, replayed
    messages are numbered from 1, in order of tickets with the requests that have no reply yet.
    """

    session: str
    epoch: int = 0
    reply_bytes: Callable[[Message], int] = lambda _: 0
    """Returns the most bytes of an honest reply."""
    owed_bytes: int = 0
    """The most bytes of the replies that are outstanding."""
    _next: int = 1
    _tickets: int = 0
    _awaited: dict[int, tuple[int, Message]] = field(default_factory=dict[int, tuple[int, Message]])
    """Ticket and addressed message, by number on the wire, ascending."""
    _replies: dict[int, Message] = field(default_factory=dict[int, Message])

    def post(self, message: Message) -> int:
        """Number and keep `message`; return its ticket."""
        ticket = self.skip()
        self._number(ticket, message)
        return ticket

    def skip(self) -> int:
        """Return a ticket for a request that need not be sent."""
        self._tickets += 1
        return self._tickets

    def tell(self, message: Message) -> None:
        """Number a message whose reply the broker does not wait for."""
        self._number(REPLAYED, message)

    @property
    def next_ticket(self) -> int:
        """Ticket of the next request."""
        return self._tickets + 1

    def restart(self, replayed: Iterable[tuple[int, Message]]) -> list[Message]:
        """Start the next epoch; return `replayed` messages and requests without a reply, in order of tickets.

        Replies may have arrived in another order: a replayed request, which has its reply, can be newer than one without, and
        may depend on it.
        """
        owed = [(ticket, ticket, message) for ticket, message in self._awaited.values() if ticket != REPLAYED]
        self.epoch, self._next, self._awaited, self.owed_bytes = self.epoch + 1, 1, {}, 0
        again = [(ticket, REPLAYED, message) for ticket, message in replayed]
        for _, ticket, message in sorted([*again, *owed], key=itemgetter(0)):
            self._number(ticket, message)
        return self.outstanding

    def accept(self, reply: Message) -> int | None:
        """Store a reply and return the ticket of its request, `REPLAYED` for a replayed message.

        None if no outstanding request has this reply (a second copy, another session, an earlier epoch).

        Raises:
            WireError: It answers a request that was never sent, or one of another kind.
        """
        envelope = reply.envelope
        if envelope.session != self.session or envelope.epoch < self.epoch:
            return None
        if envelope.epoch > self.epoch or envelope.sequence >= self._next:
            raise WireError(f"{reply.kind}: answers request {envelope.sequence}; expected one that was sent")
        ticket, request = self._awaited.get(envelope.sequence, (None, None))
        if request is None:
            return None
        if reply.kind not in {ANSWERS[request.kind], "failed"}:
            raise WireError(f"answers {request.kind!r} with {reply.kind!r}; expected {ANSWERS[request.kind]!r}")
        del self._awaited[envelope.sequence]
        self.owed_bytes -= self.reply_bytes(request)
        if ticket:
            self._replies[ticket] = reply
        return ticket

    def take(self, ticket: int) -> Message | None:
        """Remove and return the reply to a request; None if it has not arrived."""
        return self._replies.pop(ticket, None)

    @property
    def outstanding(self) -> list[Message]:
        """Addressed requests of this epoch without a reply, oldest first."""
        return [message for _, message in self._awaited.values()]

    @property
    def owed(self) -> set[int]:
        """Tickets of requests without a reply."""
        return {ticket for ticket, _ in self._awaited.values()} - {REPLAYED}

    @property
    def newest(self) -> Message:
        """The addressed request that was posted last."""
        return next(message for _, message in reversed(self._awaited.values()))

    def _number(self, ticket: int, message: Message) -> None:
        sequence = self._next
        self._next += 1
        self.owed_bytes += self.reply_bytes(message)
        oldest = next(iter(self._awaited), sequence)
        self._awaited[sequence] = ticket, message.addressed(Envelope(self.session, self.epoch, sequence, oldest))


@dataclass(slots=True)
class Replies:
    """Replies of one host, kept until the broker acknowledges them."""

    session: str
    epoch: int
    _seen: int = 0
    _acknowledged: int = 1
    _kept: dict[int, Message] = field(default_factory=dict[int, Message])

    def classify(self, request: Message) -> RequestStatus:
        """Return the status of `request`; a NEW one counts as seen from now on."""
        envelope = request.envelope
        if envelope.session != self.session or envelope.epoch != self.epoch or envelope.sequence < self._acknowledged:
            return RequestStatus.STALE
        if envelope.sequence in self._kept:
            return RequestStatus.REPLIED
        if envelope.sequence <= self._seen:
            return RequestStatus.WORKING
        if envelope.sequence > self._seen + 1:
            return RequestStatus.EARLY
        self._seen = envelope.sequence
        self._forget(envelope.acknowledged)
        return RequestStatus.NEW

    def keep(self, sequence: int, reply: Message) -> Message:
        """Return the addressed `reply`, and keep it in case its request is repeated."""
        addressed = reply.addressed(Envelope(self.session, self.epoch, sequence))
        self._kept[sequence] = addressed
        return addressed

    def kept(self, sequence: int) -> Message:
        """Return the kept reply to request `sequence`.

        Raises:
            KeyError: There is none.
        """
        return self._kept[sequence]

    def _forget(self, acknowledged: int) -> None:
        for sequence in range(self._acknowledged, acknowledged):
            self._kept.pop(sequence, None)
        self._acknowledged = max(self._acknowledged, acknowledged)
