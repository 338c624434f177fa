"""A host that joins its broker: `simnet camera` and `simnet fusion`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simnet import code_files, codec_names
from simnet.engine.remote.rendezvous import WAIT_S, scenario_digest
from simnet.library_threads import processors
from simnet.version import __version__
from simnet.wire.membership.admission import HostClaim, host_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from simnet.records import Scenario, StreamConfig
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
    """Return the broker's scenario with world and code where this machine has them: its own file, the broker's overrides."""
    named = [code for stream in scenario.streams if (code := code_files.parse(codec_names.bare(stream.codec)))]
    for code in named:
        code_files.check_allowed(code.name, host_name(request.nodes, request.fusion))
    if scenario.world.path is None and not named:
        return scenario
    from simnet.scenario import loader

    own = [] if request.world is None else [f"world.path={json.dumps(request.world)}"]
    here = loader.load(request.file, [*overrides, *own])
    codecs = {stream.name: (stream.codec, stream.model) for stream in here.streams}
    streams = tuple(
        _with_code(stream, *codecs.get(stream.name, (stream.codec, stream.model))) for stream in scenario.streams
    )
    return replace(scenario, world=replace(scenario.world, path=here.world.path), streams=streams)


def _with_code(stream: StreamConfig, codec: str, model: str | None) -> StreamConfig:
    if code_files.parse(codec_names.bare(stream.codec)) is None:
        return stream
    return replace(stream, codec=codec, model=model)
