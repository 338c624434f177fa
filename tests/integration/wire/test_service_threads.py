"""Service threads hand their exceptions to their owners, and end quietly with their context."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import zmq

from simnet.engine.results.run_telemetry import Telemetry
from simnet.errors import NodeError
from simnet.records import Scenario
from simnet.records.telemetry import EventKind, LiveEvent
from simnet.wire.membership import heartbeat
from simnet.wire.membership.admission import HostClaim, NamedRoster
from simnet.wire.membership.heartbeat import BrokerHeartbeat, HostHeartbeat
from simnet.wire.protocol.messages import Envelope
from simnet.wire.security import connection_monitor
from simnet.wire.sockets.broker_socket import BrokerSocket
from simnet.wire.sockets.host_socket import HostSocket
from simnet.wire.telemetry import telemetry_sockets
from simnet.wire.telemetry.telemetry_messages import Published
from simnet.wire.telemetry.telemetry_sockets import LivePublisher, LiveSubscriber
from support.waiting import wait_until


def fail(*_: object) -> NoReturn:
    raise RuntimeError("made to fail")


def failing(check: Callable[[], None]) -> bool:
    try:
        check()
    except NodeError as error:
        assert "its thread failed with RuntimeError: made to fail" in str(error)  # noqa: PT017 - waited for
        return True
    return False


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as own:
        yield own


def test_broker_heartbeat_hands_its_failure_to_the_broker(
    context: zmq.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BrokerHeartbeat, "_answer", fail)
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one",)))
    with context.socket(zmq.DEALER) as peer:
        peer.connect(heartbeat.heartbeat_endpoint("inproc://broker"))
        peer.send(b"beat")
        wait_until(lambda: failing(lambda: broker.wait(0.01)))
    broker.close()


def test_host_heartbeat_hands_its_failure_to_the_host(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = BrokerSocket(context, "inproc://broker", NamedRoster(("one",)))
    host = HostSocket(context, broker.endpoint, HostClaim("one"))
    joining = threading.Thread(target=host.join, args=(5,))
    monkeypatch.setattr(heartbeat, "_POLL_MS", "made to fail")
    joining.start()
    broker.wait_ready(5)
    joining.join()
    with pytest.raises(NodeError, match=r"^one heartbeat: its thread failed with .*: "):
        host.receive()
    host.close()
    broker.close()


def test_authentication_hands_its_failure_to_the_broker(context: zmq.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_monitor, "parse_monitor_message", fail)
    broker = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)))
    with context.socket(zmq.DEALER) as peer:
        peer.connect(broker.endpoint)
        wait_until(lambda: failing(lambda: broker.wait(0.01)))
    broker.close()


def test_publisher_and_subscriber_hand_their_failures_on(monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = LivePublisher("tcp://127.0.0.1:*", Published(LiveEvent(0, EventKind.FAULT, "", "")))
    subscriber, other = (LiveSubscriber(publisher.endpoint, take) for take in (fail, id))
    wait_until(lambda: subscriber.has_failed)
    assert failing(subscriber.check)
    monkeypatch.setattr(telemetry_sockets, "pack", fail)
    wait_until(lambda: failing(publisher.check))
    subscriber.close()
    other.close()
    publisher.close()


def test_run_goes_on_and_says_that_telemetry_has_ended(
    tiny: Scenario, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(LivePublisher, "_poll_subscribers", fail)
    with Telemetry("tcp://127.0.0.1:*", tiny, "run") as telemetry:
        for now_ns in range(3):
            wait_until(lambda: not telemetry._publisher._thread.is_alive)
            telemetry.tick(now_ns)
    assert [record.getMessage() for record in caplog.records] == [
        "telemetry: its thread failed with RuntimeError: made to fail; expected it to last as long as the run; "
        "the run goes on without it"
    ]


@pytest.mark.parametrize("endpoint", ["inproc://pulse", "tcp://127.0.0.1:*"])
def test_threads_end_quietly_when_their_context_ends(endpoint: str) -> None:
    """As after Ctrl-C between two steps of opening a run; an exception nobody takes is an error of the test."""
    for _ in range(20):
        context = zmq.Context()
        broker = BrokerHeartbeat(context, endpoint, "session")
        host = HostHeartbeat(context, broker.endpoint, "one", Envelope("session", 1))
        context.term()  # waits until the threads have closed their sockets
        for each in (broker, host):
            each.close()
            each.check()


def test_keyed_broker_notices_that_the_authenticator_has_ended(
    context: zmq.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zmq.auth.thread import ThreadAuthenticator

    from simnet.wire.security import keys

    keys.make(tmp_path, ["one"])
    broker = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)), keys=keys.BrokerKeys.load(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(ThreadAuthenticator, "is_alive", lambda _: False)
        with pytest.raises(NodeError, match="authenticator has ended"):
            broker.wait(0.01)
    broker.close()
