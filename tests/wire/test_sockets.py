"""Broker and hosts over inproc, ipc and tcp: barrier, resends, strangers, silence."""

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from simnet.errors import NodeError
from simnet.wire import broker_socket, pulse
from simnet.wire.broker_socket import BrokerSocket
from simnet.wire.host_socket import HostSocket
from simnet.wire.messages import Envelope, Message, pack

SESSION = "run-1"


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as own:
        yield own


def _echo(context: zmq.Context, endpoint: str, host: str, done: list[int], delay_s: float = 0) -> threading.Thread:
    def run() -> None:
        connection = HostSocket(context, endpoint, SESSION, host)
        try:
            connection.join(5)
            while (request := connection.receive()).kind != "stop":
                done.append(request.header["time_ns"])
                time.sleep(delay_s)
                connection.reply(request, Message("plan", {"decisions": [], "feedback": [], "wake_ns": done[-1]}))
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _ask(broker: BrokerSocket, host: str, count: int) -> list[int]:
    posted = [broker.post(host, Message("wake", {"time_ns": time_ns})) for time_ns in range(count)]
    return [broker.result(host, sequence, "a plan", 5).header["wake_ns"] for sequence in posted]


@pytest.mark.parametrize("transport", ["inproc", "ipc", "tcp"])
def test_requests_to_several_hosts_are_answered(transport: str, context: zmq.Context, tmp_path: Path) -> None:
    endpoint = {"inproc": "inproc://broker", "ipc": f"ipc://{tmp_path}/b", "tcp": "tcp://127.0.0.1:*"}[transport]
    broker = BrokerSocket(context, endpoint, SESSION, ["one", "two"])
    threads = [_echo(context, broker.endpoint, host, []) for host in ("one", "two")]
    broker.wait_ready(5)
    try:
        assert _ask(broker, "one", 20) == list(range(20))
        assert _ask(broker, "two", 3) == [0, 1, 2]
    finally:
        for host, thread in zip(("one", "two"), threads, strict=True):
            broker.post(host, Message("stop"))
            thread.join()
        broker.close()


def test_resends_are_harmless(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_socket, "RESEND_S", 0.01)
    done: list[int] = []
    broker = BrokerSocket(context, "inproc://broker", SESSION, ["one"])
    thread = _echo(context, broker.endpoint, "one", done, delay_s=0.12)
    broker.wait_ready(5)
    assert _ask(broker, "one", 5) == list(range(5))
    assert done == list(range(5))
    broker.post("one", Message("stop"))
    thread.join()
    broker.close()


def test_the_barrier_names_who_is_missing(context: zmq.Context) -> None:
    broker = BrokerSocket(context, "inproc://broker", SESSION, ["one", "two"])
    thread = _echo(context, broker.endpoint, "one", [])
    with pytest.raises(NodeError, match="two: not there"):
        broker.wait_ready(0.3)
    broker.post("one", Message("stop"))
    thread.join()
    broker.close()


def test_a_wait_ends_and_says_what_for(context: zmq.Context) -> None:
    broker = BrokerSocket(context, "inproc://broker", SESSION, ["one"])
    thread = _echo(context, broker.endpoint, "one", [], delay_s=1)
    broker.wait_ready(5)
    sequence = broker.post("one", Message("wake", {"time_ns": 1}))
    with pytest.raises(NodeError, match=r"^one: no answer .* waited for the plan at 3 s"):
        broker.result("one", sequence, "the plan at 3 s", 0.2)
    broker.post("one", Message("stop"))
    thread.join()
    broker.close()


def _joined(context: zmq.Context) -> tuple[BrokerSocket, HostSocket]:
    broker = BrokerSocket(context, "inproc://broker", SESSION, ["one"])
    host = HostSocket(context, broker.endpoint, SESSION, "one")
    joining = threading.Thread(target=host.join, args=(5,))
    joining.start()
    broker.wait_ready(5)
    joining.join()
    return broker, host


def test_a_host_without_heartbeat_is_dead_while_one_that_beats_is_only_slow(
    context: zmq.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "INTERVAL_S", 0.05)
    broker, host = _joined(context)
    sequence = broker.post("one", Message("stop"))
    with pytest.raises(NodeError, match="no answer"):
        broker.result("one", sequence, "its end", 0.5)
    host.close()
    with pytest.raises(NodeError, match="one: no heartbeat"):
        broker.result("one", sequence, "its end", 5)
    broker.close()


def test_a_host_that_comes_back_empty_ends_the_run(context: zmq.Context) -> None:
    broker, host = _joined(context)
    host.close()
    with context.socket(zmq.DEALER) as other:
        other.setsockopt(zmq.IDENTITY, b"one")
        other.connect("inproc://broker")
        other.send_multipart(pack(Message("hello", {"host": "one", "pid": 1}, envelope=Envelope(SESSION))))
        with pytest.raises(NodeError, match="one: came back"):
            broker.result("one", broker.post("one", Message("stop")), "its end", 5)
    broker.close()


def test_a_host_notices_that_the_broker_is_gone(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "INTERVAL_S", 0.05)
    broker, host = _joined(context)
    broker.close()
    with pytest.raises(NodeError, match="the broker is gone"):
        host.receive()
    host.close()


def test_strangers_are_dropped_and_logged_once(context: zmq.Context, caplog: pytest.LogCaptureFixture) -> None:
    broker = BrokerSocket(context, "inproc://broker", SESSION, ["one"])
    with context.socket(zmq.DEALER) as stranger:
        stranger.setsockopt(zmq.LINGER, 0)
        stranger.setsockopt(zmq.IDENTITY, b"stranger")
        stranger.connect("inproc://broker")
        for frames in ([b"junk"], [b"hello", b"\xc1"], pack(Message("hello", {"host": "stranger", "pid": 1}))):
            stranger.send_multipart(frames)
        thread = _echo(context, broker.endpoint, "one", [])
        with caplog.at_level(logging.WARNING):
            broker.wait_ready(5)
        assert _ask(broker, "one", 2) == [0, 1]
        broker.post("one", Message("stop"))
        thread.join()
        broker.close()
    assert [record.getMessage()[:8] for record in caplog.records] == ["dropped "]
