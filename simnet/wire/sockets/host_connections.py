"""The tcp connections of a broker's hosts: authenticated, and bounded by what each host was asked for.

On inproc and ipc nobody but this machine's user can connect, and nothing of this happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.wire.security.connection_budgets import ConnectionBudgets

if TYPE_CHECKING:
    from collections.abc import Iterator

    import zmq

    from simnet.wire.membership.admission import HostClaim
    from simnet.wire.security.authentication import Authenticator

IDLE_BYTES = 8 * 1024 * 1024
"""What a host may have sent beyond the answers that it owes."""


class HostConnections:
    """Which connection is which host's; without an `authenticator`, there are none."""

    def __init__(self, authenticator: Authenticator | None) -> None:
        self._authenticator = authenticator
        self._budgets = ConnectionBudgets()
        self._hosts: dict[int, str] = {}
        """Host of each connection, by its descriptor."""
        self._descriptors: dict[str, int] = {}

    def protect(self, protected: zmq.Socket[bytes], budgets: ConnectionBudgets | None = None) -> None:
        """Protect a socket that is not bound yet; `budgets` are the hosts' own by default."""
        if self._authenticator is not None:
            self._authenticator.protect(protected, self._budgets if budgets is None else budgets)

    def check(self) -> Iterator[tuple[str, str]]:
        """Raise what ended a thread that guards the connections; yield the hosts that were cut off, and why."""
        if self._authenticator is not None:
            self._authenticator.check()
            for descriptor, reason in self._authenticator.cut_off():
                if (host := self._hosts.pop(descriptor, None)) is not None:
                    yield host, reason

    def key_of(self, frame: zmq.Frame) -> str | None:
        """Return the name of the key with which the sender of a frame has authenticated; None without keys."""
        return None if self._authenticator is None else self._authenticator.key_of(frame)

    def objection(self, key: str | None, claim: HostClaim) -> str | None:
        """Return the objection to a claim by a host with this key, or None."""
        return None if self._authenticator is None else self._authenticator.objection(key, claim)

    def took(self, frames: list[zmq.Frame]) -> int:
        """Note that a message was received; return the descriptor of its connection, -1 if it has none."""
        return -1 if self._authenticator is None else self._budgets.took(frames)

    def belongs_to(self, host: str, descriptor: int) -> None:
        """Note whose connection this is."""
        if descriptor >= 0:
            self._hosts[descriptor], self._descriptors[host] = host, descriptor

    def allow(self, host: str, owed_bytes: int) -> None:
        """Let a host send what it was asked for: twice, as requests may be repeated."""
        if (descriptor := self._descriptors.get(host)) is not None:
            self._budgets.allow(descriptor, IDLE_BYTES + 2 * owed_bytes)

    def close(self) -> None:
        """Stop, after the protected sockets are closed."""
        if self._authenticator is not None:
            self._authenticator.close()
