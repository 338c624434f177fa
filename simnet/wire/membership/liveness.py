"""Liveness of hosts: which are gone, and what a host that comes back must be told. No sockets."""

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
    """A host that is gone: why, since when (monotonic clock), and whether it can come back (not `final`)."""

    host: str
    reason: str
    final: bool = False
    since: float = 0.0


class FailureDetector(Protocol):
    """Detects lost hosts; the broker calls it in every wait, about ten times a second."""

    def __call__(self, silent: Sequence[str]) -> Iterable[Absence]:
        """Return the hosts that are gone; `silent` are those without a heartbeat. It may start hosts again."""
        ...


class ReplaySource(Protocol):
    """Stores what a host that comes back must be told."""

    def replay(self, host: str, owed: Collection[int]) -> list[tuple[int, Message]]:
        """Return what to tell `host` again, in order: its state, with ticket 0, then requests with their tickets.

        Requests with the tickets `owed` are not included: the socket repeats these itself, in order of tickets.
        """
        ...

    def replayed(self, host: str, reply: Message) -> None:
        """Check the reply of `host` to a replayed message; raises if it differs from the earlier one."""
        ...


def raise_if_lost(absent: Absence, patience_s: float, what: str) -> None:
    """Raise NodeLostError, with `what` the broker waited for, unless the host can still come back in time."""
    if absent.final:
        raise NodeLostError(absent.host, f"{absent.reason}; waited for {what}")
    if time.monotonic() - absent.since > patience_s:
        back = f", and not back after {patience_s:g} s" if patience_s else ""
        raise NodeLostError(absent.host, f"{absent.reason}{back}; waited for {what}")


def detect_silent_hosts(silent: Sequence[str]) -> list[Absence]:
    """Report every silent host as gone and start none: the detector for hosts that others started."""
    return [Absence(host, "no heartbeat") for host in silent]
