"""Broker and hosts that come by themselves over tcp: the run that one process makes, or one clear error.

host "camera car" ─┐
host "camera van" ─┼── tcp ── broker
host "fusion"     ─┘
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simnet import engine, scenario
from simnet.engine.remote import launcher
from simnet.engine.remote.join import JoinRequest, join_run
from simnet.engine.remote.rendezvous import Rendezvous
from simnet.engine.run_options import RunOptions
from simnet.errors import NodeError, NodeLostError, SimnetError
from simnet.records import NodeLossConfig, Scenario
from simnet.wire.protocol.messages import Message
from simnet.wire.security import keys as wire_keys
from simnet.wire.security.keys import BrokerKeys, HostKeys
from simnet.wire.sockets import host_socket
from simnet.wire.sockets.host_socket import HostSocket
from support.small_scenario import FILE
from support.tiny_runs import Ran
from support.waiting import wait_until

Send = Callable[..., Future[None]]


@pytest.fixture
def file(pictures: Path, tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(FILE.replace("PICTURES", str(pictures)))
    return path


@pytest.fixture
def small(file: Path) -> Scenario:
    return scenario.load(str(file))


class Lead:
    """Where a broker listens, as soon as it does."""

    def __init__(self) -> None:
        self._listens = threading.Event()
        self.endpoint = ""

    def say(self, text: str) -> None:
        self.endpoint = re.search(r"tcp://\S+", text)[0]
        self._listens.set()

    def wait(self) -> str:
        assert self._listens.wait(30)
        return self.endpoint


@pytest.fixture
def send(file: Path) -> Iterator[Callable[..., Future[None]]]:
    """Send a host on its errand, in a thread."""
    with ThreadPoolExecutor(8) as pool:
        yield lambda endpoint, *nodes, **options: pool.submit(
            join_run, JoinRequest(options.pop("file", file), endpoint, nodes, **options)
        )


@pytest.fixture
def lead(run: Callable[..., Ran], small: Scenario) -> Iterator[Callable[..., tuple[Future[Ran], str]]]:
    """Lead a run in a thread; return its end and where it listens."""
    with ThreadPoolExecutor(1) as pool:

        def go(wait_s: float = 30, keys: BrokerKeys | None = None, **options: Any) -> tuple[Future[Ran], str]:
            here = Lead()
            ended = pool.submit(run, small, launcher=Rendezvous("tcp://127.0.0.1:*", keys, wait_s, here.say), **options)
            return ended, here.wait()

        yield go


def test_hosts_end_only_after_the_report(lead: Any, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    from simnet import report

    ended_early = []
    write = report.write

    def write_slowly(folder: Path) -> Path:
        ended_early.append(bool(wait([host], 0.5).done))
        return write(folder)

    monkeypatch.setattr(report, "write", write_slowly)
    ended, endpoint = lead(report=True)
    host = send(endpoint, "car", "van", fusion=True)
    assert ended.result(60)
    assert host.result(30) is None
    assert ended_early == [False]


def test_run_is_equal_however_nodes_are_spread(
    small: Scenario, run: Callable[..., Ran], lead: Any, send: Send, tmp_path: Path
) -> None:
    alone = run(small)
    wire_keys.make(tmp_path / "keys", ["host=*"])
    theirs, own = BrokerKeys.load(tmp_path / "keys"), HostKeys.load(tmp_path / "keys", None)
    apart, together = [((), True), (("car",), False), (("van",), False)], [(("van", "car"), True)]
    for spread, keys in ((apart, None), (together, None), (apart, own)):
        ended, endpoint = lead(keys=keys and theirs)
        hosts = [send(endpoint, *nodes, fusion=fusion, keys=keys) for nodes, fusion in spread]
        assert ended.result().result.summary["fingerprint"] == alone.result.summary["fingerprint"]
        assert [host.result() for host in hosts] == [None] * len(hosts)
    assert [replace(row, run="") for row in ended.result().read.rows] == [
        replace(row, run="") for row in alone.read.rows
    ]


def test_refused_host_gets_reason_and_run_continues(
    small: Scenario, file: Path, run: Callable[..., Ran], lead: Any, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    late: list[Future[None]] = []

    def come_late(now_ns: int) -> None:
        if not late:
            late.append(send(endpoint, "van"))
        wait(late, 0.2)

    other = file.with_name("other.yaml")
    other.write_text(file.read_text() + "\n")
    ended, endpoint = lead(progress=come_late)
    first = send(endpoint, "car")
    with pytest.raises(NodeError, match="no node 'bus' that sends; expected one of: car, van"):
        send(endpoint, "bus").result()
    with pytest.raises(NodeError, match="another scenario file"):
        send(endpoint, "van", file=other).result()
    # The first may be slower to come than the second.
    hosts = [send(endpoint, "van", "car"), send(endpoint, "van", fusion=True)]
    failures = [host.exception() for host in hosts[:1]]
    ended.result()
    assert "car runs on another host already" in str(failures[0])
    assert (first.result(), hosts[1].result()) == (None, None)
    assert "runs on another host" in str(late[0].exception()) or "has begun" in str(late[0].exception())
    assert ended.result().result.summary["fingerprint"] == run(small).result.summary["fingerprint"]
    assert sum("refused" in record.getMessage() for record in caplog.records if record.levelno == logging.WARNING) == 4


def test_hosts_may_start_before_the_broker(
    small: Scenario, run: Callable[..., Ran], send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: Counter[HostSocket] = Counter()
    receive = HostSocket._receive_raw

    def count(host: HostSocket, timeout_s: float) -> Message | None:
        turns[host] += 1
        return receive(host, timeout_s)

    monkeypatch.setattr(host_socket, "_HELLO_PERIOD_S", 0.0)
    monkeypatch.setattr(HostSocket, "_receive_raw", count)
    endpoint = f"ipc://{tmp_path}/run"
    hosts = [send(endpoint, "car", wait_s=30), send(endpoint, "van", fusion=True, wait_s=30)]
    wait_until(lambda: len(turns) == 2 and min(turns.values()) > 2)  # each has said hello again
    run(small, launcher=Rendezvous(endpoint, wait_s=30))
    assert [host.result() for host in hosts] == [None, None]


def test_missing_hosts_are_named_and_nothing_hangs(lead: Any, send: Send) -> None:
    began = time.monotonic()
    ended, endpoint = lead(wait_s=3)
    came = send(endpoint, "car")
    with pytest.raises(NodeError, match=r"^van, fusion: not there after 3 s; expected to join the run$"):
        ended.result()
    with pytest.raises(NodeError, match="the broker ended the run: van, fusion: not there"):
        came.result()
    with pytest.raises(NodeError, match=r"camera car: no welcome from the broker at .* for 0.5 s"):
        send(endpoint, "car", wait_s=0.5).result()
    assert time.monotonic() - began < 15


def test_broker_without_hosts_leaves_its_folder_reusable(small: Scenario, send: Send, tmp_path: Path) -> None:
    endpoint, out = f"ipc://{tmp_path}/run", tmp_path / "out"
    with pytest.raises(NodeError, match="car, van, fusion: not there"):
        engine.run(small, out, RunOptions(launcher=Rendezvous(endpoint, wait_s=0.2)))
    assert list(out.iterdir()) == []
    host = send(endpoint, "car", "van", fusion=True, wait_s=30)
    assert engine.run(small, out, RunOptions(launcher=Rendezvous(endpoint, wait_s=30))).summary["frames"] == 20
    assert host.result(30) is None


def test_host_uses_its_own_world_path(
    small: Scenario, file: Path, pictures: Path, tmp_path: Path, run: Callable[..., Ran], lead: Any, send: Send
) -> None:
    moved = tmp_path / "moved"
    moved.symlink_to(pictures)
    ended, endpoint = lead()
    hosts = [send(endpoint, "car", world=str(moved)), send(endpoint, "van", fusion=True)]
    ended.result()
    assert [host.result() for host in hosts] == [None, None]
    ended, endpoint = lead()
    send(endpoint, "van", fusion=True)
    send(endpoint, "car", world=str(tmp_path / "nowhere"))
    with pytest.raises(SimnetError, match=r"no folder .*nowhere"):
        ended.result()


def test_manually_restarted_host_is_replayed(
    small: Scenario, file: Path, run: Callable[..., Ran], lead: Any, send: Send
) -> None:
    started: list[subprocess.Popen] = []
    killed = threading.Event()

    def start() -> None:
        command = [sys.executable, "-m", "simnet", "camera", str(file), "--node", "van", "--connect", endpoint]
        started.append(subprocess.Popen([*command, "--insecure"]))

    def kill(now_ns: int) -> None:
        if now_ns == 500_000_000 and not killed.is_set():
            started[0].kill()
            started[0].wait()
            start()
            killed.set()

    ended, endpoint = lead(wait_s=60, progress=kill)
    start()
    hosts = [send(endpoint, fusion=True), send(endpoint, "car")]
    ran = ended.result()
    assert ran.result.summary["fingerprint"] == run(small).result.summary["fingerprint"]
    assert ran.result.summary["restarts"] == 1
    assert killed.is_set()
    assert [host.result() for host in hosts] == [None, None]
    assert started[1].wait(20) == 0


def test_absent_host_ends_the_run_after_its_patience(
    small: Scenario, run: Callable[..., Ran], lead: Any, send: Send, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simnet.wire.membership.heartbeat.MISSED", 2)
    impatient = replace(small, node_loss=NodeLossConfig(wait_ns=500_000_000))
    here = Lead()
    with ThreadPoolExecutor(1) as pool:
        rendezvous = Rendezvous("tcp://127.0.0.1:*", None, 60, here.say)
        started: list[subprocess.Popen] = []
        ended = pool.submit(run, impatient, launcher=rendezvous, progress=lambda now_ns: now_ns and started[0].kill())
        endpoint = here.wait()
        command = [sys.executable, "-m", "simnet", "camera", str(file), "--node", "van", "--connect", endpoint]
        started.append(subprocess.Popen([*command, "--insecure"]))
        hosts = [send(endpoint, fusion=True), send(endpoint, "car")]
        with pytest.raises(
            NodeLostError, match=r"^camera van: no heartbeat, and not back after 0\.5 s; waited for frame \d of van/b$"
        ):
            ended.result()
        started[0].wait()
    for host in hosts:
        with pytest.raises(NodeError, match="the broker ended the run: camera van: no heartbeat"):
            host.result()


def test_hosts_learn_that_the_broker_was_interrupted(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str | None] = []
    monkeypatch.setattr(launcher, "tell_to_stop", lambda socket, hosts, failure=None: told.append(failure))
    come = Rendezvous(f"ipc://{tmp_path}/broker")
    with pytest.raises(KeyboardInterrupt), come(scenario.load(str(file)), None, None):
        raise KeyboardInterrupt
    assert told == ["it was interrupted"]
