"""Admission of hosts: the claim that a host makes with its hello, and the objections to it. Sans-IO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simnet.wire.protocol.messages import Message
from simnet.wire.protocol.serialization import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

FUSION = "fusion"
"""Name of fusion in lists of what is missing."""


@dataclass(frozen=True, slots=True)
class HostClaim:
    """What a host says about itself. `scenario` is the digest of its scenario file, `version` that of its simnet."""

    host: str
    nodes: tuple[str, ...] = ()
    """Nodes whose cameras it runs."""
    fusion: bool = False
    cores: int = 1
    scenario: str = ""
    version: str = ""

    @classmethod
    def of(cls, hello: Message) -> HostClaim:
        """Return the claim in a hello.

        Raises:
            WireError: It does not describe a claim.
        """
        return from_plain(cls, hello.header)

    def hello(self) -> Message:
        """Return the hello with this claim."""
        return Message("hello", to_plain(self))


def host_name(nodes: Sequence[str], fusion: bool) -> str:
    """Return the name of a host that runs these, for messages."""
    cameras = f"camera {'+'.join(nodes)}" if nodes else ""
    return " and ".join(part for part in (FUSION if fusion else "", cameras) if part)


class Roster(Protocol):
    """Decides about claims; `present` are the claims of hosts that have joined."""

    def objection(self, claim: HostClaim, present: Collection[HostClaim]) -> str | None:
        """Return the objection to a claim, or None."""
        ...

    def missing(self, present: Collection[HostClaim]) -> list[str]:
        """Return what no host has claimed yet."""
        ...


@dataclass(frozen=True, slots=True)
class NamedRoster:
    """A roster of names: each of `hosts` may join once, with nodes that the launcher chose."""

    hosts: tuple[str, ...]

    def objection(self, claim: HostClaim, present: Collection[HostClaim]) -> str | None:
        """Refuse unknown names, and names that have joined already."""
        if claim.host not in self.hosts:
            return f"not on the roster; expected one of: {', '.join(self.hosts)}"
        if any(other.host == claim.host for other in present):
            return "has joined already; expected one host of each name"
        return None

    def missing(self, present: Collection[HostClaim]) -> list[str]:
        """Return the names of hosts that have not joined."""
        joined = {claim.host for claim in present}
        return [host for host in self.hosts if host not in joined]


@dataclass(frozen=True, slots=True)
class NodeRoster:
    """A roster of nodes: hosts choose what they run, each of `nodes` once, and fusion once."""

    nodes: tuple[str, ...]
    """Nodes with a camera that sends."""
    scenario: str
    version: str

    def objection(self, claim: HostClaim, present: Collection[HostClaim]) -> str | None:
        """Refuse other versions and scenarios, other names, unknown nodes, and nodes that another host runs."""
        if objection := self._of_program(claim):
            return objection
        if unknown := [node for node in claim.nodes if node not in self.nodes]:
            return f"no node {unknown[0][:64]!r} that sends; expected one of: {', '.join(self.nodes)}"
        if len(set(claim.nodes)) < len(claim.nodes) or not (claim.nodes or claim.fusion):
            twice = [node for node in self.nodes if claim.nodes.count(node) > 1]
            return f"claims {f'{twice[0]} twice' if twice else 'no node'}; expected nodes that no other host runs, each once"
        for other in present:
            if both := [node for node in claim.nodes if node in other.nodes] or [FUSION] * (
                claim.fusion & other.fusion
            ):
                return f"{both[0]} runs on another host already; expected {self._left(present)}"
        return None

    def missing(self, present: Collection[HostClaim]) -> list[str]:
        """Return the nodes, and fusion, that no host runs."""
        claimed = {node for claim in present for node in claim.nodes}
        left = [node for node in self.nodes if node not in claimed]
        return left if any(claim.fusion for claim in present) else [*left, FUSION]

    def _of_program(self, claim: HostClaim) -> str | None:
        """Return the objection to what a host says about itself."""
        if claim.version != self.version:
            return f"runs simnet {claim.version[:32]}; expected the broker's {self.version}"
        if claim.scenario != self.scenario:
            return f"has another scenario file (digest {claim.scenario[:12]}); expected the broker's ({self.scenario[:12]})"
        if claim.host != (own := host_name(claim.nodes, claim.fusion)):
            return f"calls itself {claim.host[:64]!r}; expected {own[:200]!r}, after its nodes"
        return None

    def _left(self, present: Collection[HostClaim]) -> str:
        left = ", ".join(self.missing(present))
        return f"what is missing: {left}" if left else "no further host, the run is complete"
