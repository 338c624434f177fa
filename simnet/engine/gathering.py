"""A run whose hosts come by themselves, from this machine or others: the crew of `simnet broker`."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import __version__
from simnet.engine import launch
from simnet.engine.launch import Muster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simnet.engine.layout import HostPlan
    from simnet.engine.lazy_world import LazyWorld
    from simnet.records import Scenario
    from simnet.wire.absence import Memory
    from simnet.wire.keys import BrokerKeys

WAIT_S = 60.0
"""How long a broker waits for its hosts, and a host for its broker, unless told otherwise."""
END_MS = 1000
"""How long what hosts were told last may take to leave."""


def scenario_digest(file: Path) -> str:
    """Return what tells whether two machines have the same scenario file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Gathering:
    """Listens at `endpoint` until every node that sends, and fusion, is carried by some host; on tcp, `keys` protect it.

    `say` is told, for people, where the broker listens and whom it waits for.
    """

    endpoint: str
    keys: BrokerKeys | None = None
    wait_s: float = WAIT_S
    say: Callable[[str], None] = lambda _: None

    @contextmanager
    def __call__(self, scenario: Scenario, _: LazyWorld, memory: Memory) -> Iterator[Muster]:
        """Listen; tell the hosts at the end that the run is over, or why it failed."""
        import zmq

        from simnet.engine import layout
        from simnet.wire.broker_socket import BrokerSocket
        from simnet.wire.roster import NodeRoster

        roster = NodeRoster(layout.senders(scenario), scenario_digest(Path(scenario.path)), __version__)
        with zmq.Context() as context:
            patience_s = launch.patience_s(scenario)
            socket = BrokerSocket(context, self.endpoint, roster, memory=memory, patience_s=patience_s, keys=self.keys)
            self.say(f"listening at {socket.endpoint} for {', '.join(roster.missing(()))}")

            def wait() -> list[HostPlan]:
                return layout.claimed(scenario, socket.wait_ready(self.wait_s))

            try:
                yield Muster(socket, wait)
                launch.tell_to_stop(socket, socket.hosts)
            except BaseException as error:
                launch.tell_to_stop(socket, socket.hosts, _reason(error))
                raise
            finally:
                socket.close(END_MS)


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    return " ".join(str(error).split())[:1000] or f"it was ended ({type(error).__name__})"
