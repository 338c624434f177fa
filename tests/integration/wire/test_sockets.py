"""Broker and hosts over inproc, ipc and tcp: barrier, resends, foreign messages, silence."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zmq

from simnet.errors import NodeError, WireVersionError
from simnet.wire.membership import heartbeat
from simnet.wire.membership.admission import HostClaim, NamedRoster
from simnet.wire.protocol import messages
from simnet.wire.protocol.messages import Message, pack, unpack
from simnet.wire.sockets import broker_socket
from simnet.wire.sockets.broker_socket import BrokerSocket
from simnet.wire.sockets.host_socket import HostSocket
from support.waiting import wait_until

STOP = Message("stop", {"failure": None})


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as own:
        yield own


def _echo(
    context: zmq.Context, endpoint: str, host: str, done: list[int], may_answer: Callable[[], object] = bool
) -> threading.Thread:
    def run() -> None:
        connection = HostSocket(context, endpoint, HostClaim(host))
        try:
            connection.join(5)
            while (request := connection.receive()).kind != "stop":
                done.append(request.header["time_ns"])
                may_answer()
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
    broker = BrokerSocket(context, endpoint, NamedRoster(("one", "two")))
    threads = [_echo(context, broker.endpoint, host, []) for host in ("one", "two")]
    broker.wait_ready(5)
    try:
        assert _ask(broker, "one", 20) == list(range(20))
        assert _ask(broker, "two", 3) == [0, 1, 2]
    finally:
        for host, thread in zip(("one", "two"), threads, strict=True):
            broker.post(host, STOP)
            thread.join()
        broker.close()


def test_resends_are_harmless(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_socket, "RESEND_S", 0.01)
    done: list[int] = []
    resent: list[str] = []
    resend = BrokerSocket._send_again
    monkeypatch.setattr(BrokerSocket, "_send_again", lambda *given: resent.append(given[1]) or resend(*given))
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one",)))

    def wait_for_a_resend() -> None:
        seen = len(resent)
        wait_until(lambda: len(resent) > seen)

    thread = _echo(context, broker.endpoint, "one", done, wait_for_a_resend)
    broker.wait_ready(5)
    assert _ask(broker, "one", 5) == list(range(5))
    assert done == list(range(5))
    broker.post("one", STOP)
    thread.join()
    broker.close()


def test_barrier_names_missing_hosts(context: zmq.Context) -> None:
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one", "two")))
    thread = _echo(context, broker.endpoint, "one", [])
    with pytest.raises(NodeError, match="two: not there"):
        broker.wait_ready(0.3)
    broker.post("one", STOP)
    thread.join()
    broker.close()


def test_timed_out_wait_names_its_purpose(context: zmq.Context) -> None:
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one",)))
    asked_in_vain = threading.Event()
    thread = _echo(context, broker.endpoint, "one", [], may_answer=lambda: asked_in_vain.wait(10))
    broker.wait_ready(5)
    sequence = broker.post("one", Message("wake", {"time_ns": 1}))
    with pytest.raises(NodeError, match=r"^one: no answer .* waited for the plan at 3 s"):
        broker.result("one", sequence, "the plan at 3 s", 0.2)
    asked_in_vain.set()
    broker.post("one", STOP)
    thread.join()
    broker.close()


def _joined(context: zmq.Context) -> tuple[BrokerSocket, HostSocket]:
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one",)))
    host = HostSocket(context, broker.endpoint, HostClaim("one"))
    joining = threading.Thread(target=host.join, args=(5,))
    joining.start()
    broker.wait_ready(5)
    joining.join()
    return broker, host


def test_only_missing_heartbeats_mark_a_host_dead(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_S", 0.05)
    broker, host = _joined(context)
    sequence = broker.post("one", STOP)
    with pytest.raises(NodeError, match="no answer"):
        broker.result("one", sequence, "its end", 0.5)
    host.close()
    with pytest.raises(NodeError, match="one: no heartbeat"):
        broker.result("one", sequence, "its end", 5)
    broker.close()


def test_late_or_duplicate_host_is_refused_with_reason(context: zmq.Context) -> None:
    broker, host = _joined(context)
    for name, complaint in (("one", "has joined already"), ("two", "not on the roster")):
        other = HostSocket(context, "inproc://broker", HostClaim(name))
        with ThreadPoolExecutor() as pool:
            joining = pool.submit(other.join, 5)
            while not joining.done():
                broker.wait(0.02)
        with pytest.raises(NodeError, match=f"^{name}: refused by the broker: {complaint}"):
            joining.result()
        other.close()
    broker.post("one", Message("wake", {"time_ns": 7}))
    assert host.receive().header == {"time_ns": 7, "changes": []}
    host.close()
    broker.close()


def test_host_silent_before_start_is_awaited_again(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_S", 0.05)
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one", "two")))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(broker.wait_ready, 10)
        first = HostSocket(context, "inproc://broker", HostClaim("one"))
        first.join(5)
        first.close()
        wait_until(lambda: not broker.hosts)
        again, two = (HostSocket(context, "inproc://broker", HostClaim(name)) for name in ("one", "two"))
        again.join(5)
        two.join(5)
        assert [claim.host for claim in waiting.result()] == ["one", "two"]
    again.close()
    two.close()
    broker.close()


def test_wire_version_mismatch_is_clear_on_both_sides(
    context: zmq.Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hello = pack(HostClaim("one").hello())
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one",)))
    monkeypatch.setattr(messages, "VERSION", 99)
    with context.socket(zmq.DEALER) as host:
        host.setsockopt(zmq.LINGER, 0)
        host.connect("inproc://broker")
        host.send_multipart(hello)
        with caplog.at_level(logging.WARNING), pytest.raises(NodeError, match="not there"):
            broker.wait_ready(0.3)
        assert "wire version 2; expected 99" in caplog.text
        answer = host.recv_multipart()
    broker.close()
    monkeypatch.undo()
    with pytest.raises(WireVersionError, match="refused: wire version 99; expected 2"):
        unpack(answer)


def test_host_notices_a_missing_broker(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL_S", 0.05)
    broker, host = _joined(context)
    broker.close()
    with pytest.raises(NodeError, match="the broker is gone"):
        host.receive()
    host.close()


def test_foreign_messages_are_dropped_and_logged_once(context: zmq.Context, caplog: pytest.LogCaptureFixture) -> None:
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one",)))
    with context.socket(zmq.DEALER) as stranger:
        stranger.setsockopt(zmq.LINGER, 0)
        stranger.setsockopt(zmq.IDENTITY, b"stranger")
        stranger.connect("inproc://broker")
        for frames in ([b"junk"], [b"hello", b"\xc1"], pack(Message("wake", {"time_ns": 1}))):
            stranger.send_multipart(frames)
        thread = _echo(context, broker.endpoint, "one", [])
        with caplog.at_level(logging.WARNING):
            broker.wait_ready(5)
        assert _ask(broker, "one", 2) == [0, 1]
        broker.post("one", STOP)
        thread.join()
        broker.close()
    assert [record.getMessage()[:8] for record in caplog.records] == ["dropped "]
