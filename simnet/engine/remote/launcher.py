"""Launchers of a run's hosts: threads of this process, or supervised processes of their own.

A launcher yields a `HostPool`, given the scenario, this process's world and the memory that lets a host come back. `rendezvous`
has the one for hosts that are started by others.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.engine.remote.placement import plan_hosts
from simnet.engine.remote.supervisor import RESTARTS, HostProcesses
from simnet.errors import NodeError
from simnet.records import SECOND_NS
from simnet.service_thread import ServiceThread
from simnet.wire.membership.liveness import Absence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.remote.placement import HostPlan
    from simnet.records import Scenario
    from simnet.wire.membership.liveness import ReplaySource
    from simnet.wire.sockets.broker_socket import BrokerSocket

LONGEST_FOLDER = 70
"""Bytes in the path of a folder of sockets: the system allows 107 for a socket, of which names in the folder take their part."""
END_S = 5.0
"""How long a host may take to end after a stop message."""
LEAVE_S = 0.7
"""How long threads are waited for when the run has failed or was interrupted: after that they are left behind."""
JOIN_S = 60.0
"""How long a host of ours may take to join."""


@dataclass(frozen=True, slots=True)
class HostPool:
    """Hosts on their way."""

    socket: BrokerSocket
    wait_ready: Callable[[], list[HostPlan]]
    """Waits until all hosts are there; returns what each carries. Raises NodeError with the missing hosts."""


if TYPE_CHECKING:
    Launcher = Callable[[Scenario, LazyWorld, ReplaySource], AbstractContextManager[HostPool]]


def launcher(hosts: int, restarts: int = RESTARTS) -> Launcher:
    """Return the launcher of a run on this machine: 0 hosts for threads of this process, else so many processes.

    A process that dies is started again, each up to `restarts` times.
    """

    def launch(scenario: Scenario, world: LazyWorld, memory: ReplaySource) -> AbstractContextManager[HostPool]:
        plans = plan_hosts(scenario, hosts)
        if not hosts:
            return threads(plans, world, memory)
        return processes(plans, HostProcesses(restarts), memory, patience_s(scenario))

    return launch


def patience_s(scenario: Scenario) -> float:
    """Return how long a run waits for a host that is gone."""
    return scenario.node_loss.wait_ns / SECOND_NS


def _pool(socket: BrokerSocket, plans: Sequence[HostPlan]) -> HostPool:
    def wait_ready() -> list[HostPlan]:
        socket.wait_ready(JOIN_S)
        return list(plans)

    return HostPool(socket, wait_ready)


@contextmanager
def threads(plans: Sequence[HostPlan], world: LazyWorld, memory: ReplaySource) -> Iterator[HostPool]:
    """Hosts as daemon threads over inproc, sharing `world`."""
    import zmq

    from simnet.engine.remote.node_server import NodeServer
    from simnet.wire.membership.admission import HostClaim, NamedRoster
    from simnet.wire.sockets.broker_socket import BrokerSocket
    from simnet.wire.sockets.host_socket import HostSocket

    context = zmq.Context()
    running: dict[str, ServiceThread] = {}

    def watch(silent: Sequence[str]) -> list[Absence]:
        del silent  # a thread's heart beats as long as this process's
        return [
            Absence(name, f"its thread ended{_why(thread)}; expected it to stay until the run ends", final=True)
            for name, thread in running.items()
            if not thread.is_alive
        ]

    roster = NamedRoster(tuple(plan.name for plan in plans))
    broker = BrokerSocket(context, "inproc://simnet", roster, watch, memory)
    patience_s = LEAVE_S
    try:
        for plan in plans:
            server = NodeServer(HostSocket(context, broker.endpoint, HostClaim(plan.name)), plan.name, world)
            running[plan.name] = ServiceThread(plan.name, server.serve)
        yield _pool(broker, plans)
        patience_s = END_S
    finally:
        tell_to_stop(broker, list(running))
        deadline = time.monotonic() + patience_s
        for thread in running.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        broker.close()
        # A thread that is stuck still uses its socket: leave the context to the end of the process then.
        if not any(thread.is_alive for thread in running.values()):
            context.term()


def _why(thread: ServiceThread) -> str:
    return "" if thread.failure is None else f" ({thread.failure})"


@contextmanager
def processes(
    plans: Sequence[HostPlan], running: HostProcesses, memory: ReplaySource, patience: float
) -> Iterator[HostPool]:
    """Hosts as processes over ipc, in a folder of their own, so that no other process binds there.

    Windows has no ipc: hosts use tcp on the loopback there, with keys that live as long as the run.
    """
    import zmq

    from simnet.wire.membership.admission import NamedRoster
    from simnet.wire.security.keys import BrokerKeys, make
    from simnet.wire.sockets.broker_socket import BrokerSocket

    with ExitStack() as stack:
        folder = stack.enter_context(_socket_folder())
        context = stack.enter_context(zmq.Context())
        roster = NamedRoster(tuple(plan.name for plan in plans))
        if has_ipc():
            endpoint, keys, own = f"ipc://{folder}/broker", None, None
        else:
            endpoint, keys = "tcp://127.0.0.1:*", Path(folder)
            make(keys, [f"{plan.name}=*" for plan in plans])
            own = BrokerKeys.load(keys)
        broker = BrokerSocket(context, endpoint, roster, running, memory, patience, own)
        stack.callback(broker.close)
        stack.callback(running.end, END_S)
        failing = True
        try:
            running.start(broker.endpoint, [plan.name for plan in plans], keys)
            yield _pool(broker, plans)
            failing = False
        finally:
            deaf = tell_to_stop(broker, running.alive)
            if failing:
                running.kill(deaf)


def has_ipc() -> bool:
    """Return whether processes of this machine can talk over ipc."""
    import zmq

    return hasattr(socket, "AF_UNIX") and zmq.has("ipc")


def _socket_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for sockets: where temporary files go, or in /tmp if names there are too long for a socket."""
    usual = Path(tempfile.gettempdir())
    short = Path("/tmp")
    is_long = has_ipc() and len(os.fsencode(usual)) > LONGEST_FOLDER
    if is_long and not (short.is_dir() and os.access(short, os.W_OK)):
        raise NodeError(
            f"{usual}: too long a path for the sockets of hosts ({len(os.fsencode(usual))} bytes; at most {LONGEST_FOLDER}), and "
            "/tmp cannot be written to; expected TMPDIR to name a shorter folder"
        )
    return tempfile.TemporaryDirectory(prefix="simnet-", dir=short if is_long else usual)


def tell_to_stop(broker: BrokerSocket, hosts: Sequence[str], failure: str | None = None) -> list[str]:
    """Tell hosts that the run is over, or why it failed; return those that it did not reach."""
    from simnet.wire.protocol.messages import Message

    deaf = []
    for host in hosts:
        if not broker.is_here(host):
            deaf.append(host)  # it has ended already, or has not joined (again) yet
            continue
        try:
            broker.post(host, Message("stop", {"failure": failure}))
        except NodeError:
            deaf.append(host)
    return deaf
