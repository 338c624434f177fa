"""A peer that sends messages without end is cut off before they fill the memory, and the others go on.

attackers ── tcp ── broker, heartbeat, telemetry ── tcp ── an honest host
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import zmq

from simnet.errors import NodeLostError
from simnet.records.telemetry import EventKind, LiveEvent
from simnet.wire.membership.admission import HostClaim, NamedRoster
from simnet.wire.protocol.messages import Message, pack
from simnet.wire.security.connection_budgets import UNKNOWN_PEERS
from simnet.wire.sockets.broker_socket import BrokerSocket
from simnet.wire.sockets.host_socket import HostSocket
from simnet.wire.telemetry.telemetry_messages import Published
from simnet.wire.telemetry.telemetry_sockets import LivePublisher, LiveSubscriber
from support.waiting import wait_until

SECONDS = float(os.environ.get("SIMNET_ATTACK_S", "1.5"))
"""How long each attack lasts; a longer one by hand."""
PART = bytes(64 * 1024)
LARGEST_GROWTH = 192 * 2**20


@pytest.fixture
def context() -> Iterator[zmq.Context]:
    with zmq.Context() as own:
        yield own


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


ENDLESS = """
import socket, sys, time
kind, host, port, seconds, first = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), bytes.fromhex(sys.argv[5])

def shake_hands(peer):
    '''ZMTP 3.0 without keys; ZeroMQ's own sockets hold a message back until it is whole.'''
    peer.settimeout(0.3)
    peer.sendall(b"\\xff" + bytes(8) + b"\\x7f\\x03\\x00NULL" + bytes(48))
    time.sleep(0.1)
    name = b"\\x05READY\\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind.encode()
    peer.sendall(b"\\x04" + bytes([len(name)]) + name)
    time.sleep(0.3)
    if first:
        peer.sendall(b"\\x00" + bytes([len(first)]) + first)
        time.sleep(0.3)

if port:
    listener = None
else:
    listener = socket.create_server((host, 0))
    listener.settimeout(0.3)
    port = listener.getsockname()[1]
print(port, flush=True)
part = (b"\\x03" + (8192).to_bytes(8, "big") + bytes(8192)) if kind != "XSUB" else (b"\\x01\\x09" + bytes(9))
chunk, sent, began = part * 128, 0, time.monotonic()
until = began + seconds
while time.monotonic() < until:
    try:
        peer = listener.accept()[0] if listener else socket.create_connection((host, port))
        shake_hands(peer)
        while time.monotonic() < until:
            peer.sendall(chunk)
            sent += len(chunk)
            # 3.2 Gbit/s: on a busy machine, a faster loopback outruns any reader.
            time.sleep(max(0, began + sent / 400e6 - time.monotonic()))
    except OSError:
        time.sleep(0.05)
print(sent)
"""


class Attack:
    """A process that sends the parts of a message without end, each of 8 kB."""

    def __init__(self, kind: str, endpoint: str, first: bytes = b"") -> None:
        host, port = endpoint.removeprefix("tcp://").split(":")
        command = [sys.executable, "-c", ENDLESS, kind, host, port, str(SECONDS), first.hex()]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.endpoint = f"tcp://{host}:{int(self._process.stdout.readline())}"
        self.sent_bytes = 0

    def growth_bytes(self, serve: Callable[[], object]) -> int:
        """Return by how much this process grows, at most, while it serves and the attack lasts."""
        before = most = resident_bytes()
        while self._process.poll() is None:
            serve()
            most = max(most, resident_bytes())
        self.sent_bytes = int(self._process.stdout.readline())
        self._process.stdout.close()
        return most - before


def _echo(context: zmq.Context, endpoint: str) -> threading.Thread:
    def run() -> None:
        connection = HostSocket(context, endpoint, HostClaim("one"))
        connection.join(20)
        while (request := connection.receive()).kind != "stop":
            connection.reply(request, Message("plan", {"decisions": [], "feedback": [], "wake_ns": None}))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("place", ["broker", "heartbeat"])
def test_message_without_end_is_cut_off_and_the_host_goes_on(
    context: zmq.Context, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)))
    host = _echo(context, broker.endpoint)
    broker.wait_ready(20)

    def serve() -> None:
        ticket = broker.post("one", Message("wake", {"time_ns": 1}))
        assert broker.result("one", ticket, "a plan", 20).kind == "plan"
        broker.wait(0.01)

    attack = Attack("DEALER", broker.endpoint if place == "broker" else broker._heartbeat.endpoint)
    grown = attack.growth_bytes(serve)
    print(
        f"{place}: {SECONDS:g} s of parts without end, grown by {grown / 2**20:.0f} MiB of {attack.sent_bytes / 2**20:.0f}"
    )
    broker.post("one", Message("stop", {"failure": None}))
    broker.wait(0.2)
    host.join()
    broker.close()
    assert grown < LARGEST_GROWTH
    assert [text for text in caplog.messages if text.startswith("cut off 127.0.0.1: it sent ")]


def test_admitted_host_that_sends_without_end_is_refused_by_name(context: zmq.Context) -> None:
    broker = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)))
    broker.expect(lambda _: 1000)
    hello = pack(HostClaim("one").hello())
    port = int(broker.endpoint.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as liar:
        liar.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48))
        time.sleep(0.3)
        liar.sendall(b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER")
        liar.sendall(b"\x01\x05hello" + b"\x02" + len(hello[1]).to_bytes(8, "big") + hello[1])
        broker.wait_ready(20)
        ticket = broker.post("one", Message("wake", {"time_ns": 1}))
        before = resident_bytes()
        liar.settimeout(0.3)
        with suppress(OSError):
            for _ in range(600):
                liar.sendall(b"\x03" + len(PART).to_bytes(8, "big") + PART)
        with pytest.raises(
            NodeLostError, match=r"^one: refused, it sent \d+ bytes that are no whole message; expected at most"
        ):
            broker.result("one", ticket, "a plan", 20)
        assert resident_bytes() - before < LARGEST_GROWTH
    broker.close()


def test_broker_takes_answers_as_large_as_it_asked_for(context: zmq.Context) -> None:
    """However long the broker is busy meanwhile."""
    broker = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)))
    broker.expect(lambda _: 12 * 2**20)

    def run() -> None:
        connection = HostSocket(context, broker.endpoint, HostClaim("one"))
        connection.join(20)
        while (request := connection.receive()).kind != "stop":
            connection.reply(request, Message("coded", {"quality": 0.5}, (bytes(12 * 2**20),)))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    broker.wait_ready(20)
    capture = Message("capture", {"stream": "a", "sequence": 0, "time_ns": 0, "feedback": [], "target_bps": None})
    tickets = [broker.post("one", capture) for _ in range(8)]
    time.sleep(1.5)
    assert [len(broker.result("one", ticket, "a frame", 20).payloads[0]) for ticket in tickets] == [12 * 2**20] * 8
    broker.post("one", Message("stop", {"failure": None}))
    broker.wait(0.2)
    thread.join()
    broker.close()


def test_connections_that_never_join_are_few(context: zmq.Context, caplog: pytest.LogCaptureFixture) -> None:
    broker = BrokerSocket(context, "tcp://127.0.0.1:*", NamedRoster(("one",)))
    port = int(broker.endpoint.rpartition(":")[2])
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(UNKNOWN_PEERS + 40)]
    wait_until(lambda: broker._connections._budgets.count == UNKNOWN_PEERS)
    host = _echo(context, broker.endpoint)
    broker.wait_ready(20)
    broker.post("one", Message("stop", {"failure": None}))
    broker.wait(0.2)
    host.join()
    for each in idle:
        each.close()
    broker.close()
    assert f"expected at most {UNKNOWN_PEERS}" in caplog.text


@pytest.mark.parametrize("first", ["", "00", "0178", "0078", "02"])
def test_no_subscriber_can_switch_telemetry_off_for_others(first: str, context: zmq.Context) -> None:
    """Nor fill the run's memory: by subscribing, unsubscribing what it has not, babbling, and messages without end."""
    constant = Published(LiveEvent(0, EventKind.FAULT, "", ""))
    publisher = LivePublisher("tcp://127.0.0.1:*", constant)
    heard: list[Published] = []
    subscriber = LiveSubscriber(publisher.endpoint, heard.append)
    wait_until(lambda: heard)
    attack = Attack("XSUB", publisher.endpoint, bytes.fromhex(first))
    count = 0

    def serve() -> None:
        nonlocal count
        count += 1
        event = Published(LiveEvent(count, EventKind.LOSS, "", ""))
        publisher.put(lambda: event)
        wait_until(lambda: event in heard, 10)
        heard[:-5] = []

    grown = attack.growth_bytes(serve)
    subscriber.close()
    publisher.close()
    assert count > 10
    assert grown < LARGEST_GROWTH


def test_run_that_publishes_without_end_does_not_fill_its_watchers() -> None:
    attack = Attack("PUB", "tcp://127.0.0.1:0")
    subscriber = LiveSubscriber(attack.endpoint, lambda _: None)
    grown = attack.growth_bytes(lambda: time.sleep(0.05))
    subscriber.close()
    print(f"live page: grown by {grown / 2**20:.0f} MiB of {attack.sent_bytes / 2**20:.0f}")
    assert grown < LARGEST_GROWTH
