"""Heartbeats, from threads of their own on both sides, so that a node that works hard never looks dead.

A host sends a `beat` every `INTERVAL_S`; the broker's pulse notes it and sends it back. Who has not been heard for
`MISSED * INTERVAL_S` seconds is taken for dead.
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

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL_S = 2.0
MISSED = 5

MAX_BEAT_BYTES = 16 * 1024

_POLL_MS = 100


class BrokerHeartbeat:
    """Answers beats on `endpoint` and remembers when each host was last heard."""

    def __init__(
        self, context: zmq.Context, endpoint: str, session: str, guard: Callable[[zmq.Socket], None] = lambda _: None
    ) -> None:
        """Listen; `guard` makes the socket safe before it is bound."""
        self._session = session
        self._heard: dict[str, float] = {}
        self._complaints = LogOnce()
        self._socket = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BEAT_BYTES)
        guard(self._socket)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError:
            self._socket.close()
            raise
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker pulse", daemon=True)
        self._thread.start()

    def watch(self, host: str) -> None:
        """Take the beats of `host` from now on; that it was let in counts as one."""
        self._heard[host] = time.monotonic()

    def silence_s(self, host: str) -> float:
        """Return the seconds since `host` was last heard."""
        return time.monotonic() - self._heard[host]

    def close(self) -> None:
        """Stop answering."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with self._socket:
            while not self._stopping.is_set():
                if self._socket.poll(_POLL_MS):
                    self._answer(self._socket.recv_multipart())

    def _answer(self, frames: list[bytes]) -> None:
        try:
            beat = unpack(frames[1:])
        except WireError as error:
            # A stranger's bytes prove nobody alive.
            self._complaints.once(frames[0], f"dropped what peer {frames[0][:32].hex()} sent to the pulse: {error}")
            return
        host = beat.header.get("host")
        if beat.kind == "beat" and beat.envelope.session == self._session and host in self._heard:
            self._heard[host] = time.monotonic()
            self._socket.send_multipart([frames[0], *pack(beat)])


class HostHeartbeat:
    """Sends the beats of one host and notices when the broker stops answering."""

    def __init__(
        self,
        context: zmq.Context,
        endpoint: str,
        host: str,
        envelope: Envelope,
        guard: Callable[[zmq.Socket], None] = lambda _: None,
    ) -> None:
        """Begin to beat; `guard` makes the socket safe before it connects."""
        self._beat = pack(Message("beat", {"host": host}, envelope=envelope))
        self._heard = time.monotonic()
        self._socket = context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, MISSED)
        guard(self._socket)
        self._socket.connect(endpoint)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{host} pulse", daemon=True)
        self._thread.start()

    @property
    def broker_is_silent(self) -> bool:
        """Whether the broker has missed too many beats."""
        return time.monotonic() - self._heard > MISSED * INTERVAL_S

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
                    self._heard = time.monotonic()


def endpoint_beside(endpoint: str) -> str:
    """Return where the pulse of a broker at `endpoint` listens: beside it; on tcp, one port above, or any where that is any."""
    if endpoint.startswith("tcp://"):
        address, _, port = endpoint.rpartition(":")
        return f"{address}:{int(port) + 1 if port.isdecimal() else '*'}"
    return endpoint + "-pulse"
