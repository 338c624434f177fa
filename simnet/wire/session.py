"""Sequence numbers and cached replies: what makes a resend harmless. Sans-IO: no socket, no clock.

The two sides::

    broker: Requests   number, remember until replied; all that is outstanding can be sent again, in order
    host:   Replies    new request -> do it; seen before -> send the kept reply again, or keep working on it
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from simnet.wire.messages import Envelope, Message


class Verdict(Enum):
    """What a host does with a request."""

    NEW = "do it"
    WORKING = "seen before, its reply is not ready yet"
    REPLIED = "seen before, send the kept reply again"
    STALE = "acknowledged long ago, or of another session or epoch: ignore it"
    EARLY = "a request before it is missing: ignore it, the broker sends both again"


@dataclass(slots=True)
class Requests:
    """The broker's side for one host in one epoch."""

    session: str
    epoch: int = 0
    _next: int = 1
    _outstanding: dict[int, Message] = field(default_factory=dict)
    _replies: dict[int, Message] = field(default_factory=dict)

    def post(self, message: Message) -> Message:
        """Number `message`, remember it and return it as it goes on the wire."""
        sequence = self._next
        self._next += 1
        oldest = min(self._outstanding, default=sequence)
        numbered = message.addressed(Envelope(self.session, self.epoch, sequence, oldest))
        self._outstanding[sequence] = numbered
        return numbered

    def accept(self, reply: Message) -> bool:
        """Take a reply in; False where it answers nothing outstanding (a second copy, another session or epoch)."""
        own = reply.envelope
        if own.session != self.session or own.epoch != self.epoch:
            return False
        if self._outstanding.pop(own.sequence, None) is None:
            return False
        self._replies[own.sequence] = reply
        return True

    def take(self, sequence: int) -> Message | None:
        """Return the reply to request `sequence` and forget it; None while there is none."""
        return self._replies.pop(sequence, None)

    @property
    def outstanding(self) -> list[Message]:
        """Every request without a reply, oldest first."""
        return list(self._outstanding.values())


@dataclass(slots=True)
class Replies:
    """The host's side."""

    session: str
    epoch: int
    _seen: int = 0
    _acknowledged: int = 1
    _kept: dict[int, Message] = field(default_factory=dict)

    def judge(self, request: Message) -> Verdict:
        """Return what to do with `request`; a NEW one counts as seen from now on."""
        own = request.envelope
        if own.session != self.session or own.epoch != self.epoch or own.sequence < self._acknowledged:
            return Verdict.STALE
        if own.sequence in self._kept:
            return Verdict.REPLIED
        if own.sequence <= self._seen:
            return Verdict.WORKING
        if own.sequence > self._seen + 1:
            return Verdict.EARLY
        self._seen = own.sequence
        self._forget(own.acknowledged)
        return Verdict.NEW

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
