"""Sequence numbers and cached replies: what makes a resend harmless. Sans-IO: no socket, no clock.

The two sides::

    broker: Requests   number, remember until replied; all that is outstanding can be sent again, in order
    host:   Replies    new request -> do it; seen before -> send the kept reply again, or keep working on it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from operator import itemgetter
from typing import TYPE_CHECKING

from simnet.wire.protocol.messages import Envelope, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

REPLAYED = 0
"""The ticket of what a host is told again; nobody waits for the reply."""


class RequestStatus(Enum):
    """What a host does with a request."""

    NEW = "do it"
    WORKING = "seen before, its reply is not ready yet"
    REPLIED = "seen before, send the kept reply again"
    STALE = "acknowledged long ago, or of another session or epoch: ignore it"
    EARLY = "a request before it is missing: ignore it, the broker sends both again"


@dataclass(slots=True)
class Requests:
    """The broker's side for one host.

    A request keeps its ticket for good. Its number on the wire is of one epoch: when a host comes back, what it is to be told
    again is numbered from 1, and what it still owes an answer comes after that.
    """

    session: str
    epoch: int = 0
    _next: int = 1
    _tickets: int = 0
    _awaited: dict[int, tuple[int, Message]] = field(default_factory=dict)
    """By number on the wire, ascending: ticket, and the message as it goes on the wire."""
    _replies: dict[int, Message] = field(default_factory=dict)

    def post(self, message: Message) -> int:
        """Number `message`, remember it and return its ticket."""
        ticket = self.skip()
        self._number(ticket, message)
        return ticket

    def skip(self) -> int:
        """Return the ticket of a request that need not be sent."""
        self._tickets += 1
        return self._tickets

    def tell(self, message: Message) -> None:
        """Number a message that the host is to know; nobody waits for the reply."""
        self._number(REPLAYED, message)

    @property
    def next_ticket(self) -> int:
        """The ticket of the next request."""
        return self._tickets + 1

    def restart(self, replayed: Iterable[tuple[int, Message]]) -> list[Message]:
        """Begin the next epoch; return everything to send in it: `replayed` and requests without a reply, in order of tickets.

        Replies need not come in that order: a request that is `replayed`, since it has its reply, can be later than one
        without, and may build on what that one does.
        """
        owed = [(ticket, ticket, message) for ticket, message in self._awaited.values() if ticket != REPLAYED]
        self.epoch, self._next, self._awaited = self.epoch + 1, 1, {}
        told = [(place, REPLAYED, message) for place, message in replayed]
        for _, ticket, message in sorted([*told, *owed], key=itemgetter(0)):
            self._number(ticket, message)
        return self.outstanding

    def accept(self, reply: Message) -> int | None:
        """Take a reply in and return its request's ticket, `REPLAYED` for one that was asked in an earlier epoch.

        None where it answers nothing outstanding (a second copy, another session or epoch).
        """
        own = reply.envelope
        if own.session != self.session or own.epoch != self.epoch:
            return None
        ticket, _ = self._awaited.pop(own.sequence, (None, None))
        if ticket:
            self._replies[ticket] = reply
        return ticket

    def take(self, ticket: int) -> Message | None:
        """Return the reply to a request and forget it; None while there is none."""
        return self._replies.pop(ticket, None)

    @property
    def outstanding(self) -> list[Message]:
        """Every request of this epoch without a reply, as it goes on the wire, oldest first."""
        return [message for _, message in self._awaited.values()]

    @property
    def owed(self) -> set[int]:
        """The tickets of requests without a reply."""
        return {ticket for ticket, _ in self._awaited.values()} - {REPLAYED}

    @property
    def newest(self) -> Message:
        """The request posted last, as it goes on the wire."""
        return next(message for _, message in reversed(self._awaited.values()))

    def _number(self, ticket: int, message: Message) -> None:
        sequence = self._next
        self._next += 1
        oldest = next(iter(self._awaited), sequence)
        self._awaited[sequence] = ticket, message.addressed(Envelope(self.session, self.epoch, sequence, oldest))


@dataclass(slots=True)
class Replies:
    """The host's side."""

    session: str
    epoch: int
    _seen: int = 0
    _acknowledged: int = 1
    _kept: dict[int, Message] = field(default_factory=dict)

    def judge(self, request: Message) -> RequestStatus:
        """Return what to do with `request`; a NEW one counts as seen from now on."""
        own = request.envelope
        if own.session != self.session or own.epoch != self.epoch or own.sequence < self._acknowledged:
            return RequestStatus.STALE
        if own.sequence in self._kept:
            return RequestStatus.REPLIED
        if own.sequence <= self._seen:
            return RequestStatus.WORKING
        if own.sequence > self._seen + 1:
            return RequestStatus.EARLY
        self._seen = own.sequence
        self._forget(own.acknowledged)
        return RequestStatus.NEW

    def keep(self, sequence: int, reply: Message) -> Message:
        """Return `reply` as it goes on the wire, and keep it in case its request comes again."""
        addressed = reply.addressed(Envelope(self.session, self.epoch, sequence))
        self._kept[sequence] = addressed
        return addressed

    def kept(self, sequence: int) -> Message:
        """Return the kept reply to request `sequence`.

        Raises:
            KeyError: None is kept.
        """
        return self._kept[sequence]

    def _forget(self, acknowledged: int) -> None:
        for sequence in range(self._acknowledged, acknowledged):
            self._kept.pop(sequence, None)
        self._acknowledged = max(self._acknowledged, acknowledged)
