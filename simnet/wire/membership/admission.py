"""Who may join a run: what a host claims when it says hello, and what speaks against it. Sans-IO: no socket, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simnet.wire.protocol.messages import Message
from simnet.wire.protocol.serialization import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

FUSION = "fusion"
"""How fusion is called where what is missing is listed."""


@dataclass(frozen=True, slots=True)
class HostClaim:
    """What a host says of itself. `scenario` is the digest of its scenario file, `version` that of its simnet."""

    host: str
    nodes: tuple[str, ...] = ()
    """The nodes whose cameras it carries."""
    fusion: bool = False
    cores: int = 1
    scenario: str = ""
    version: str = ""

    @classmethod
    def of(cls, hello: Message) -> HostClaim:
        """Return the claim that a hello makes.

        Raises:
            WireError: It makes none.
        """
        return from_plain(cls, hello.header)

    def hello(self) -> Message:
        """Return the message that makes this claim."""
        return Message("hello", to_plain(self))


def host_name(nodes: Sequence[str], fusion: bool) -> str:
    """Return what a host that carries these is called in messages."""
    cameras = f"camera {'+'.join(nodes)}" if nodes else ""
    return " and ".join(part for part in (FUSION if fusion else "", cameras) if part)


class Roster(Protocol):
    """Decides about claims; `present` are the claims that hold already."""

    def objection(self, claim: HostClaim, present: Collection[HostClaim]) -> str | None:
        """Return what speaks against letting this host in, or None."""
        ...

    def missing(self, present: Collection[HostClaim]) -> list[str]:
        """Return what nobody has claimed yet."""
        ...


@dataclass(frozen=True, slots=True)
class NamedRoster:
    """Hosts that somebody else has given names and nodes to: who has one of the names may come, once."""

    hosts: tuple[str, ...]

    def objection(self, claim: HostClaim, present: Collection[HostClaim]) -> str | None:
        """Refuse other names, and a name that is taken."""
        if claim.host not in self.hosts:
            return f"not on the roster; expected one of: {', '.join(self.hosts)}"
        if any(other.host == claim.host for other in present):
            return "is there already; expected one of each name"
        return None

    def missing(self, present: Collection[HostClaim]) -> list[str]:
        """Return the names of those who have not come."""
        there = {claim.host for claim in present}
        return [host for host in self.hosts if host not in there]


@dataclass(frozen=True, slots=True)
class NodeRoster:
    """Hosts that say themselves what they carry: each of `nodes` once, and fusion once."""

    nodes: tuple[str, ...]
    """The nodes with a camera that sends."""
    scenario: str
    version: str

    def objection(self, claim: HostClaim, present: Collection[HostClaim]) -> str | None:
        """Refuse other versions and scenarios, unknown nodes and what others carry already."""
        if claim.version != self.version:
            return f"runs simnet {claim.version[:32]}; expected the broker's {self.version}"
        if claim.scenario != self.scenario:
            return f"has another scenario file (digest {claim.scenario[:12]}); expected the broker's ({self.scenario[:12]})"
        if unknown := [node for node in claim.nodes if node not in self.nodes]:
            return f"no node {unknown[0][:64]!r} that sends; expected one of: {', '.join(self.nodes)}"
        if len(set(claim.nodes)) < len(claim.nodes) or not (claim.nodes or claim.fusion):
            twice = [node for node in self.nodes if claim.nodes.count(node) > 1]
            return (
                f"claims {f'{twice[0]} twice' if twice else 'no node'}; expected nodes that nobody carries, each once"
            )
        for other in present:
            if both := [node for node in claim.nodes if node in other.nodes] or [FUSION] * (
                claim.fusion & other.fusion
            ):
                return f"{both[0]} is carried by another host already; expected {self._left(present)}"
        return None

    def missing(self, present: Collection[HostClaim]) -> list[str]:
        """Return the nodes, and fusion, that nobody carries."""
        carried = {node for claim in present for node in claim.nodes}
        left = [node for node in self.nodes if node not in carried]
        return left if any(claim.fusion for claim in present) else [*left, FUSION]

    def _left(self, present: Collection[HostClaim]) -> str:
        left = ", ".join(self.missing(present))
        return f"what is missing: {left}" if left else "nobody else, all have come"
