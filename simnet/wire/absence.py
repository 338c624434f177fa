"""Hosts that are gone for a while or for good, and what lets one come back. Sans-IO: no socket, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from simnet.wire.messages import Message


@dataclass(frozen=True, slots=True)
class Absence:
    """A host that is gone: why, since when (monotonic clock), and whether it is certain that it will not come back."""

    host: str
    reason: str
    final: bool = False
    since: float = 0.0


class Watch(Protocol):
    """Looks after hosts; called in every wait, about ten times a second."""

    def __call__(self, silent: Sequence[str]) -> Iterable[Absence]:
        """Given the hosts that have just fallen silent, return those that are gone; may start them again."""
        ...


class Memory(Protocol):
    """Knows what a host that comes back has to be told."""

    def replay(self, host: str, owed: Collection[int]) -> list[Message]:
        """Return what to tell `host` before the requests with the tickets `owed`, which it is asked again anyway."""
        ...

    def replayed(self, host: str, reply: Message) -> None:
        """`host` has answered something it was told again; raises where that is not as it should be."""
        ...


def silence_is_absence(silent: Sequence[str]) -> list[Absence]:
    """Take every host that has fallen silent for gone, and start none: the watch over hosts that others started."""
    return [Absence(host, "no heartbeat") for host in silent]
