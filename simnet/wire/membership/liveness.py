"""Hosts that are gone for a while or for good, and what lets one come back. No socket in here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simnet.errors import NodeLostError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from simnet.wire.protocol.messages import Message


@dataclass(frozen=True, slots=True)
class Absence:
    """A host that is gone: why, since when (monotonic clock), and whether it is certain that it will not come back."""

    host: str
    reason: str
    final: bool = False
    since: float = 0.0


class FailureDetector(Protocol):
    """Looks after hosts; called in every wait, about ten times a second."""

    def __call__(self, silent: Sequence[str]) -> Iterable[Absence]:
        """Given the hosts that have just fallen silent, return those that are gone; may start them again."""
        ...


class ReplaySource(Protocol):
    """Knows what a host that comes back has to be told."""

    def replay(self, host: str, owed: Collection[int]) -> list[tuple[int, Message]]:
        """Return what to tell `host` again, in order: what it knew, without a ticket (0), then requests with theirs.

        The requests with the tickets `owed` are not among it: it is asked these again anyway, each where its ticket puts it.
        """
        ...

    def replayed(self, host: str, reply: Message) -> None:
        """`host` has answered something it was told again; raises where that is not as it should be."""
        ...


def raise_if_lost(absent: Absence, patience_s: float, what: str) -> None:
    """Raise NodeLostError, with `what` was waited for, unless it is still possible that who is absent comes back."""
    if absent.final:
        raise NodeLostError(absent.host, f"{absent.reason}; waited for {what}")
    if time.monotonic() - absent.since > patience_s:
        back = f", and not back after {patience_s:g} s" if patience_s else ""
        raise NodeLostError(absent.host, f"{absent.reason}{back}; waited for {what}")


def detect_silent_hosts(silent: Sequence[str]) -> list[Absence]:
    """Take every host that has fallen silent for gone, and start none: the watch over hosts that others started."""
    return [Absence(host, "no heartbeat") for host in silent]
