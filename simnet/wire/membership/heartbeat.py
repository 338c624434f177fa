"""Heartbeats in threads of their own on both sides, so that a busy node never looks dead.

A host sends a `beat` every `INTERVAL_S`; the broker notes it and sends it back. A host without a beat for `MISSED * INTERVAL_S`
seconds counts as dead.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import zmq

from simnet.errors import WireError
from simnet.wire.log_once import LogOnce
from simnet.wire.protocol.messages import (
    Envelope,
    Message,
    pack,
    unpack,
)
from simnet.wire.security.connection_budgets import ConnectionBudgets
from simnet.wire.socket_thread import socket_thread

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL_S = 2.0
MISSED = 5

MAX_BEAT_BYTES = 16 * 1024

MAX_FRAMES = 4
"""Frames of a message that are looked at: a beat has three."""

_POLL_MS = 100


class BrokerHeartbeat:
    """Answers beats on `endpoint` and stores the time of the last beat of each host."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        session: str,
        protect: Callable[[zmq.Socket[bytes], ConnectionBudgets], None] = lambda _socket, _budgets: None,
        key_of: Callable[[zmq.Frame], str | None] = lambda _: None,
    ) -> None:
        """Listen; `protect` prepares the socket before it is bound, `key_of` names the key of a frame's sender."""
        self._session, self._key_of = session, key_of
        self._budgets = ConnectionBudgets(2 * MAX_BEAT_BYTES)
        self._last_beat: dict[str, float] = {}
        self._keys: dict[str, str | None] = {}
        self._warnings = LogOnce()
        self._socket = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BEAT_BYTES)
        protect(self._socket, self._budgets)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError:
            self._socket.close()
            raise
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._stopping = threading.Event()
        self._thread = socket_thread("broker heartbeat", self._run)

    def watch(self, host: str, key: str | None = None) -> None:
        """Accept beats of `host`, sent with its key, from now on; its admission counts as the first."""
        self._keys[host] = key
        self._last_beat[host] = time.monotonic()

    def silence_s(self, host: str) -> float:
        """Return the seconds since the last beat of `host`."""
        return time.monotonic() - self._last_beat[host]

    def check(self) -> None:
        """Raise what ended the thread, if it has failed."""
        self._thread.check()

    def close(self) -> None:
        """Stop answering."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with self._socket:
            while not self._stopping.is_set():
                if self._socket.poll(_POLL_MS):
                    received = self._socket.recv_multipart(copy=False)
                    descriptor = self._budgets.took(received)
                    frames = [frame.bytes for frame in received[:MAX_FRAMES]]
                    self._answer(frames, descriptor, self._key_of(received[-1]))

    def _answer(self, frames: list[bytes], descriptor: int, key: str | None) -> None:
        try:
            beat = unpack(frames[1:])
        except WireError as error:
            # An invalid message is no sign of life.
            self._warnings.warn(frames[0], f"dropped what peer {frames[0][:32].hex()} sent to the heartbeat: {error}")
            return
        host = str(beat.header.get("host"))
        if beat.kind == "beat" and beat.envelope.session == self._session and self._is_of(host, key):
            self._last_beat[host] = time.monotonic()
            self._budgets.allow(descriptor, 2 * MAX_BEAT_BYTES)
            self._socket.send_multipart([frames[0], *pack(beat)])

    def _is_of(self, host: str, key: str | None) -> bool:
        return host in self._last_beat and self._keys[host] == key


class HostHeartbeat:
    """Sends the beats of one host and detects that the broker no longer answers."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        host: str,
        envelope: Envelope,
        protect: Callable[[zmq.Socket[bytes]], None] = lambda _: None,
    ) -> None:
        """Start beating; `protect` prepares the socket before it connects."""
        self._beat = pack(Message("beat", {"host": host}, envelope=envelope))
        self._last_beat = time.monotonic()
        self._socket = context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, MISSED)
        protect(self._socket)
        self._socket.connect(endpoint)
        self._stopping = threading.Event()
        self._thread = socket_thread(f"{host} heartbeat", self._run)

    @property
    def broker_is_silent(self) -> bool:
        """Whether the broker left too many beats unanswered."""
        return time.monotonic() - self._last_beat > MISSED * INTERVAL_S

    def check(self) -> None:
        """Raise what ended the thread, if it has failed."""
        self._thread.check()

    def close(self) -> None:
        """Stop beating."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        next_beat = time.monotonic()
        with self._socket:
            while not self._stopping.is_set():
                if time.monotonic() >= next_beat:
                    next_beat += INTERVAL_S
                    if self._socket.poll(0, zmq.POLLOUT):
                        self._socket.send_multipart(self._beat)
                if self._socket.poll(_POLL_MS):
                    self._socket.recv_multipart()
                    self._last_beat = time.monotonic()


def heartbeat_endpoint(endpoint: str) -> str:
    """Return the heartbeat endpoint of a broker at `endpoint`; on tcp, one port above, or any port if that is any."""
    if endpoint.startswith("tcp://"):
        address, _, port = endpoint.rpartition(":")
        return f"{address}:{int(port) + 1 if port.isdecimal() else '*'}"
    return endpoint + "-pulse"
