"""Who has come to a run, who of them is away, and what speaks against letting somebody in. No socket in here."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from simnet.wire.membership.liveness import Absence

if TYPE_CHECKING:
    from simnet.wire.membership.admission import HostClaim, Roster


class Membership:
    """The hosts of one run, by name; each is known by the routing identity that it spoke from when it was let in."""

    def __init__(self, roster: Roster, may_return: bool) -> None:
        """With `may_return`, who is away may come again after the run has begun."""
        self._roster, self._may_return = roster, may_return
        self._claims: dict[str, HostClaim] = {}
        self._identities: dict[str, bytes] = {}
        self.away: dict[str, Absence] = {}
        self.has_begun = False
        """Whether the run has: who comes for the first time from now on is refused."""

    @property
    def hosts(self) -> list[str]:
        """Everybody who has been let in."""
        return list(self._claims)

    @property
    def claims(self) -> list[HostClaim]:
        """What each of them claims, by name."""
        return sorted(self._claims.values(), key=lambda claim: claim.host)

    @property
    def missing(self) -> list[str]:
        """What nobody who is here has claimed yet."""
        return self._roster.missing(self._present)

    def is_here(self, host: str) -> bool:
        """Whether a host has been let in and is not away."""
        return host in self._claims and host not in self.away

    def is_known(self, claim: HostClaim) -> bool:
        """Whether this very claim has been let in before."""
        return self._claims.get(claim.host) == claim

    def identity(self, host: str) -> bytes:
        """Return where `host` speaks from."""
        return self._identities[host]

    def host_at(self, identity: bytes) -> str | None:
        """Return who speaks from there, if anybody has been let in from there."""
        return next((host for host, known in self._identities.items() if known == identity), None)

    def enter(self, identity: bytes, claim: HostClaim) -> None:
        """Let a host in, or in again."""
        self._claims[claim.host], self._identities[claim.host] = claim, identity
        self.away.pop(claim.host, None)

    def leave(self, absent: Absence) -> None:
        """Note that a host has gone, since now unless it had gone before.

        Who dies before the run has begun is let go of: another may carry its nodes.
        """
        known = self.away.get(absent.host)
        self.away[absent.host] = replace(absent, since=known.since if known else time.monotonic())
        if not self.has_begun:
            self._claims.pop(absent.host, None)
            self._identities.pop(absent.host, None)

    def objection(self, identity: bytes, claim: HostClaim) -> str | None:
        """Return what speaks against letting this host in, or None."""
        if objection := self._roster.objection(claim, self._present):
            return objection
        is_back = self._may_return and claim.host in self.away
        if self.has_begun and not (is_back and self.is_known(claim)):
            return "the run has begun without it; expected it to come before"
        if self.is_here(claim.host) or self.host_at(identity) is not None:
            return "one of this name is there already, or from this socket; expected a name and a socket of its own"
        return None

    @property
    def _present(self) -> list[HostClaim]:
        return [claim for host, claim in self._claims.items() if host not in self.away]
