"""How the hosts of a run come to be here: threads of this process, or processes of their own, watched over.

A crew is what the runner takes: given the scenario and this process's world it yields a `Muster`. `gathering` has the one
for hosts that come by themselves.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simnet.engine.layout import HostPlan
    from simnet.engine.lazy_world import LazyWorld
    from simnet.records import Scenario
    from simnet.wire.broker_socket import BrokerSocket

END_S = 5.0
"""How long a host may take to end after it was told to."""
LEAVE_S = 0.7
"""How long threads are waited for when the run has failed or was interrupted: after that they are left behind."""
JOIN_S = 60.0
"""How long a host of ours may take to join."""


@dataclass(frozen=True, slots=True)
class Muster:
    """Hosts on their way."""

    socket: BrokerSocket
    wait: Callable[[], list[HostPlan]]
    """Waits until all hosts are there; returns what each carries. Raises NodeError naming who is missing."""


if TYPE_CHECKING:
    Crew = Callable[[Scenario, LazyWorld], AbstractContextManager[Muster]]


def crew(hosts: int) -> Crew:
    """Return the crew of a run on this machine: 0 hosts for threads of this process, else so many processes."""
    from simnet.engine.layout import plan_hosts

    def come(scenario: Scenario, world: LazyWorld) -> AbstractContextManager[Muster]:
        plans = plan_hosts(scenario, hosts)
        return processes(plans) if hosts else threads(plans, world)

    return come


def _muster(socket: BrokerSocket, plans: Sequence[HostPlan]) -> Muster:
    def wait() -> list[HostPlan]:
        socket.wait_ready(JOIN_S)
        return list(plans)

    return Muster(socket, wait)


@contextmanager
def threads(plans: Sequence[HostPlan], world: LazyWorld) -> Iterator[Muster]:
    """Hosts as daemon threads over inproc, sharing `world`."""
    import zmq

    from simnet.engine.host import Host
    from simnet.wire.broker_socket import BrokerSocket
    from simnet.wire.host_socket import HostSocket
    from simnet.wire.roster import Claim, NamedRoster

    context = zmq.Context()
    running: dict[str, threading.Thread] = {}

    def check() -> None:
        for name, thread in running.items():
            if not thread.is_alive():
                raise NodeError(f"{name}: its thread ended; expected it to stay until the run ends")

    broker = BrokerSocket(context, "inproc://simnet", NamedRoster(tuple(plan.name for plan in plans)), check)
    for plan in plans:
        host = Host(HostSocket(context, broker.endpoint, Claim(plan.name)), plan.name, world)
        running[plan.name] = threading.Thread(target=host.serve, name=plan.name, daemon=True)
        running[plan.name].start()
    patience_s = LEAVE_S
    try:
        yield _muster(broker, plans)
        patience_s = END_S
    finally:
        tell_to_stop(broker, list(running))
        deadline = time.monotonic() + patience_s
        for thread in running.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        broker.close()
        # A thread that is stuck still uses its socket: leave the context to the end of the process then.
        if not any(thread.is_alive() for thread in running.values()):
            context.term()


@contextmanager
def processes(plans: Sequence[HostPlan]) -> Iterator[Muster]:
    """Hosts as processes over ipc, in a folder of their own so that nobody else binds there."""
    import zmq

    from simnet.wire.broker_socket import BrokerSocket
    from simnet.wire.roster import NamedRoster

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="simnet-"))
        context = stack.enter_context(zmq.Context())
        running: dict[str, subprocess.Popen] = {}
        roster = NamedRoster(tuple(plan.name for plan in plans))
        broker = BrokerSocket(context, f"ipc://{folder}/broker", roster, _watch(running))
        stack.callback(broker.close)
        stack.callback(_end, running)
        for plan in plans:
            command = [sys.executable, "-m", "simnet.engine.host", broker.endpoint, plan.name]
            # In a session of its own, so that Ctrl-C reaches the broker alone, which then tells the hosts to stop.
            running[plan.name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )
        failing = True
        try:
            yield _muster(broker, plans)
            failing = False
        finally:
            deaf = tell_to_stop(broker, [name for name, process in running.items() if process.poll() is None])
            for name in deaf if failing else ():
                running[name].kill()  # it has not joined yet, so it has nothing to tidy


def _watch(running: dict[str, subprocess.Popen]) -> Callable[[], None]:
    def check() -> None:
        for name, process in running.items():
            if (status := process.poll()) is not None:
                raise NodeError(
                    f"{name}: its process ended with status {status}; expected it to stay until the run ends"
                )

    return check


def tell_to_stop(broker: BrokerSocket, hosts: Sequence[str], failure: str | None = None) -> list[str]:
    """Tell hosts that the run is over, or why it failed; return those that it did not reach."""
    from simnet.wire.messages import Message

    deaf = []
    for host in hosts:
        try:
            broker.post(host, Message("stop", {"failure": failure}))
        except NodeError:
            deaf.append(host)  # it has ended already, or never came: there is nobody to tell
    return deaf


def _end(running: dict[str, subprocess.Popen]) -> None:
    deadline = time.monotonic() + END_S
    for process in running.values():
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
