"""A host that joins its broker: `simnet camera` and `simnet fusion`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simnet.engine.remote.rendezvous import WAIT_S, scenario_digest
from simnet.library_threads import processors
from simnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.records import Scenario
    from simnet.wire.security.keys import HostKeys


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """The nodes that a host carries, and the broker that it joins."""

    file: Path
    """Its scenario file, which must be the broker's to the byte."""
    endpoint: str
    nodes: tuple[str, ...] = ()
    fusion: bool = False
    world: str | None = None
    """Where this machine has the scenario's recorded world, if not where the file says."""
    keys: HostKeys | None = None
    wait_s: float = WAIT_S


def join_run(request: JoinRequest) -> None:
    """Join the run and carry the nodes until the broker says that it is over.

    Raises:
        NodeError: The broker is not there, refuses this host, is gone, or says that the run failed.
    """
    import zmq

    from simnet.engine.remote.node_server import NodeServer
    from simnet.engine.timing import process_memory
    from simnet.wire.membership.admission import HostClaim, host_name
    from simnet.wire.sockets.host_socket import HostSocket

    process_memory.keep_freed_pages()
    name = host_name(request.nodes, request.fusion)
    claim = HostClaim(name, request.nodes, request.fusion, processors(), scenario_digest(request.file), __version__)

    def localise(scenario: Scenario, overrides: Sequence[str]) -> Scenario:
        return _localised(scenario, request, overrides)

    with zmq.Context() as context:
        NodeServer(HostSocket(context, request.endpoint, claim, request.keys), name, localise=localise).serve(
            request.wait_s
        )


def _localised(scenario: Scenario, request: JoinRequest, overrides: Sequence[str]) -> Scenario:
    """Return the broker's scenario with its world where this machine has it, by its own file and the broker's overrides."""
    if scenario.world.path is None:
        return scenario
    from simnet.scenario import loader

    own = [] if request.world is None else [f"world.path={json.dumps(request.world)}"]
    path = loader.load(request.file, [*overrides, *own]).world.path
    return replace(scenario, world=replace(scenario.world, path=path))
