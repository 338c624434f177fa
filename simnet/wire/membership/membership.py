"""Membership of hosts: joined, away, and the objections to a host that wants to join. No sockets."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from simnet.wire.membership.liveness import Absence

if TYPE_CHECKING:
    from simnet.wire.membership.admission import HostClaim, Roster


class Membership:
    """The hosts of one run by name, each with the routing identity that it had when it joined."""

    def __init__(self, roster: Roster, may_return: bool) -> None:
        """With `may_return`, a host that is away may join again after the run has begun."""
        self._roster, self._may_return = roster, may_return
        self._claims: dict[str, HostClaim] = {}
        self._identities: dict[str, bytes] = {}
        self.away: dict[str, Absence] = {}
        self.has_begun = False
        """Whether the run has begun: new hosts are refused from then on."""

    @property
    def hosts(self) -> list[str]:
        """Names of all hosts that have joined."""
        return list(self._claims)

    @property
    def claims(self) -> list[HostClaim]:
        """Claims of all hosts, in order of names."""
        return sorted(self._claims.values(), key=lambda claim: claim.host)

    @property
    def missing(self) -> list[str]:
        """What no present host has claimed yet."""
        return self._roster.missing(self._present)

    def is_here(self, host: str) -> bool:
        """Return whether a host has joined and is not away."""
        return host in self._claims and host not in self.away

    def is_known(self, claim: HostClaim) -> bool:
        """Return whether exactly this claim was accepted before."""
        return self._claims.get(claim.host) == claim

    def identity(self, host: str) -> bytes:
        """Return the routing identity of `host`."""
        return self._identities[host]

    def host_at(self, identity: bytes) -> str | None:
        """Return the host with this routing identity, if one has joined."""
        return next((host for host, known in self._identities.items() if known == identity), None)

    def enter(self, identity: bytes, claim: HostClaim) -> None:
        """Add a host, or add it again."""
        self._claims[claim.host], self._identities[claim.host] = claim, identity
        self.away.pop(claim.host, None)

    def leave(self, absent: Absence) -> None:
        """Note that a host is gone, since now unless it was gone before.

        A host that dies before the run has begun is removed: another host may run its nodes.
        """
        known = self.away.get(absent.host)
        if known is not None and known.final:
            return
        self.away[absent.host] = replace(absent, since=known.since if known else time.monotonic())
        if not self.has_begun:
            self._claims.pop(absent.host, None)
            self._identities.pop(absent.host, None)

    def objection(self, identity: bytes, claim: HostClaim) -> str | None:
        """Return the objection to a host that wants to join, or None."""
        if (absent := self.away.get(claim.host)) is not None and absent.final:
            return f"the run goes on without it: {absent.reason}"
        if objection := self._roster.objection(claim, self._present):
            return objection
        is_back = self._may_return and claim.host in self.away
        if self.has_begun and not (is_back and self.is_known(claim)):
            return "the run has begun without it; expected it to join before"
        if self.is_here(claim.host) or self.host_at(identity) is not None:
            return "its name or its socket has joined already; expected a name and a socket of its own"
        return None

    @property
    def _present(self) -> list[HostClaim]:
        return [claim for host, claim in self._claims.items() if host not in self.away]
