"""The launcher of `simnet broker`: it waits for hosts that are started by others, here or on other machines."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.engine.remote import launcher, placement
from simnet.engine.remote.launcher import HostPool
from simnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.remote.placement import HostPlan
    from simnet.records import Scenario
    from simnet.wire.membership.liveness import ReplaySource
    from simnet.wire.security.keys import BrokerKeys

WAIT_S = 60.0
"""How long a broker waits for its hosts, and a host for its broker, by default."""
END_MS = 1000
"""How long the last messages to hosts may take to leave."""


def scenario_digest(file: Path) -> str:
    """Return what tells whether two machines have the same scenario file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """Listens at `endpoint` until every node that sends, and fusion, is carried by some host; on tcp, `keys` protect it.

    `say` is told, for people, where the broker listens and whom it waits for.
    """

    endpoint: str
    keys: BrokerKeys | None = None
    wait_s: float = WAIT_S
    say: Callable[[str], None] = lambda _: None

    @contextmanager
    def __call__(self, scenario: Scenario, _: LazyWorld, memory: ReplaySource) -> Iterator[HostPool]:
        """Listen; tell the hosts at the end that the run is over, or why it failed."""
        import zmq

        from simnet.wire.membership.admission import NodeRoster
        from simnet.wire.sockets.broker_socket import BrokerSocket

        roster = NodeRoster(placement.senders(scenario), scenario_digest(Path(scenario.path)), __version__)
        with zmq.Context() as context:
            patience_s = launcher.patience_s(scenario)
            socket = BrokerSocket(
                context, self.endpoint, roster, replay_source=memory, patience_s=patience_s, keys=self.keys
            )

            def wait_ready() -> list[HostPlan]:
                return placement.claimed(scenario, socket.wait_ready(self.wait_s))

            try:
                self.say(f"listening at {socket.endpoint} for {', '.join(roster.missing(()))}")
                yield HostPool(socket, wait_ready)
                launcher.tell_to_stop(socket, socket.hosts)
            except BaseException as error:
                launcher.tell_to_stop(socket, socket.hosts, _reason(error))
                raise
            finally:
                socket.close(END_MS)


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    return " ".join(str(error).split())[:1000] or f"it was ended ({type(error).__name__})"
