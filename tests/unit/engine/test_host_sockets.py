"""Hosts of a machine without ipc: tcp on the loopback, with keys."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import zmq

from simnet.engine.remote import launcher, supervisor
from simnet.engine.remote.placement import HostPlan
from simnet.engine.remote.supervisor import REFUSED, HostProcesses
from simnet.errors import NodeError
from simnet.wire.membership.admission import HostClaim
from simnet.wire.membership.liveness import Absence
from simnet.wire.security.keys import HostKeys
from simnet.wire.sockets.host_socket import HostSocket


class HostThreads(HostProcesses):
    """What host processes would be, without processes: each joins once, and a stranger without keys tries to."""

    def __init__(self, stranger: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._stranger, self._threads = stranger, []

    def start(self, endpoint: str, names: Sequence[str], keys: Path | None = None) -> None:
        assert endpoint.startswith("tcp://127.0.0.1:")
        assert keys is not None
        for name in names:
            own = None if name == self._stranger else HostKeys.load(keys, name)
            self._threads.append(threading.Thread(target=self._join, args=(endpoint, name, own)))
            self._threads[-1].start()

    def _join(self, endpoint: str, name: str, keys: HostKeys | None) -> None:
        with zmq.Context() as context:
            host = HostSocket(context, endpoint, HostClaim(name), keys)
            try:
                host.join(0.5 if keys is None else 10)
                self.said.append(name)
            except NodeError as error:
                self.said.append(str(error))
            finally:
                host.close()

    @property
    def alive(self) -> list[str]:
        return []

    def __call__(self, silent: Sequence[str]) -> list[Absence]:
        return []

    def kill(self, names: Sequence[str]) -> None:
        pass

    def end(self, patience_s: float) -> None:
        for thread in self._threads:
            thread.join(patience_s)


@pytest.fixture
def no_ipc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zmq, "has", lambda capability: capability != "ipc")


@pytest.mark.usefixtures("no_ipc")
def test_hosts_without_ipc_join_over_tcp_with_keys() -> None:
    plans = [HostPlan(name, (), False, 1) for name in ("host-1", "host-2")]
    hosts = HostThreads("nobody")
    with launcher.processes(plans, hosts, None, 1.0) as pool:  # type: ignore[arg-type]
        assert sorted(plan.name for plan in pool.wait_ready()) == ["host-1", "host-2"]
    assert sorted(hosts.said) == ["host-1", "host-2"]


@pytest.mark.usefixtures("no_ipc")
def test_host_without_key_does_not_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "JOIN_S", 0.3)
    hosts = HostThreads("host-2")
    with (
        pytest.raises(NodeError, match="host-2: not there"),
        launcher.processes([HostPlan("host-2", (), False, 1)], hosts, None, 1.0) as pool,  # type: ignore[arg-type]
    ):
        pool.wait_ready()
    assert hosts.said != ["host-2"]


class EndedProcess:
    """Process that has ended at once, with a status that the test chooses."""

    status = 0
    started = 0

    def __init__(self, command: Sequence[str], **options: object) -> None:
        type(self).started += 1
        self.returncode = self.status

    def poll(self) -> int:
        return self.returncode


@pytest.mark.parametrize(
    ("status", "started", "reason"),
    [(REFUSED, 1, "the broker refused its process"), (1, 3, "its process ended with status 1, for the third time")],
)
def test_refused_host_is_not_started_again(
    status: int, started: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor.subprocess, "Popen", EndedProcess)
    monkeypatch.setattr(EndedProcess, "status", status)
    monkeypatch.setattr(EndedProcess, "started", 0)
    hosts = HostProcesses(restarts=2)
    hosts.start("ipc:///nowhere", ["a"])
    told = [absent for _ in range(5) for absent in hosts([])]
    assert EndedProcess.started == started
    assert [absent.final for absent in told] == [False] * (started - 1) + [True]
    assert told[-1].reason.startswith(reason)
