"""Telemetry sockets: a publisher that never blocks its run, and a subscriber that waits for any run.

    run ──put──▶ bounded queue ──thread──▶ XPUB ──tcp──▶ SUB ──thread──▶ dashboard

An XPUB socket reports subscriptions, and peers may say there what they like. So the connections themselves tell whether anybody
listens: with none, nothing is encoded or sent, and no peer can switch telemetry off for others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import zmq

from simnet.errors import InputError, WireError
from simnet.wire.security.connection_budgets import ConnectionBudgets
from simnet.wire.security.connection_monitor import ConnectionMonitor
from simnet.wire.socket_thread import socket_thread
from simnet.wire.telemetry.telemetry_messages import (
    MAX_BYTES,
    Published,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from collections.abc import Callable

REPEAT_S = 1.0
"""Period of the constant record."""
_BACKLOG = 4096
_WAITING = 256
"""Messages that queue for a subscriber that does not read; what comes then is dropped for this subscriber."""
_SAID_BYTES = 64 * 1024
"""All that a subscriber may ever say: it has nothing to say but its subscription."""
_TOPIC_BYTES = 64
_NOTES = 100
"""Notes of subscribers that are read before telemetry goes on."""
_HELD_BYTES = 64 * 1024 * 1024
"""What a subscriber holds of a run before it is taken."""
_FRAMES = 5
"""Frames of a message that are looked at: no topic has as many."""
_POLL_MS = 50
_LINGER_MS = 1000
"""Time for queued messages to leave at the end."""
_LOG = logging.getLogger(__name__)


class LivePublisher:
    """Publishes on `endpoint` from a thread of its own; sends `constant` every second and to every new subscriber.

    Raises:
        InputError: The endpoint is not available.
    """

    def __init__(self, endpoint: str, constant: Published) -> None:
        self._constant = constant
        self._queue: deque[Callable[[], Published]] = deque()
        self._closing = False
        self.dropped = 0
        """Number of records that were put while the queue was full."""
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.LINGER, _LINGER_MS)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)  # report every subscriber, not only the first
        self._socket.setsockopt(zmq.SNDHWM, _WAITING)
        self._socket.setsockopt(zmq.MAXMSGSIZE, _TOPIC_BYTES)
        self._budgets = ConnectionBudgets(_SAID_BYTES)
        self._monitor = ConnectionMonitor(self._socket, "telemetry connections", self._budgets)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self._socket.close()
            self._monitor.close()
            self._context.term()
            raise InputError(
                f"{endpoint}: cannot publish there ({error}); expected e.g. tcp://127.0.0.1:5570"
            ) from error
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._thread = socket_thread("telemetry", self._run)

    @property
    def has_subscribers(self) -> bool:
        """Whether anybody is connected."""
        return self._budgets.count > 0

    def check(self) -> None:
        """Raise what ended one of the publisher's threads, if it has failed."""
        self._thread.check()
        self._monitor.check()

    def put(self, make: Callable[[], Published]) -> None:
        """Queue a record and return at once; the publisher's thread calls `make`. A full queue drops the record."""
        if not self.has_subscribers:
            return
        if len(self._queue) >= _BACKLOG:
            self.dropped += 1
            return
        self._queue.append(make)

    def close(self) -> None:
        """Send all queued records and stop."""
        self._closing = True
        self._thread.join()
        self._monitor.close()
        self._context.term()

    def _run(self) -> None:
        next_constant = time.monotonic()
        with self._socket:
            while True:
                closing = self._closing
                is_new = self._poll_subscribers(0 if closing else _POLL_MS)
                if is_new or time.monotonic() >= next_constant:
                    next_constant = time.monotonic() + REPEAT_S
                    self._send(self._constant)
                while self._queue:
                    self._send(self._queue.popleft()())
                if closing:
                    return

    def _poll_subscribers(self, wait_ms: int) -> bool:
        """Read what subscribers say; return whether there is a new one. They may say more than is read at once."""
        is_new = False
        for _ in range(_NOTES):
            if not self._socket.poll(wait_ms):
                break
            wait_ms = 0
            is_new = self._socket.recv()[:1] == b"\x01" or is_new
        return is_new

    def _send(self, published: Published) -> None:
        if self.has_subscribers:
            self._socket.send_multipart(pack(published))


class LiveSubscriber:
    """Passes all records on `endpoint` to `take` from a thread of its own, of current and future runs."""

    def __init__(self, endpoint: str, take: Callable[[Published], None]) -> None:
        self._take = take
        self._stopping = threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._socket.setsockopt(zmq.RCVHWM, _WAITING)
        self._budgets = ConnectionBudgets(_HELD_BYTES)
        self._monitor = ConnectionMonitor(self._socket, "telemetry connection", self._budgets)
        try:
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self._socket.close()
            self._monitor.close()
            self._context.term()
            raise InputError(f"{endpoint}: cannot connect ({error}); expected e.g. tcp://127.0.0.1:5570") from error
        self._thread = socket_thread("telemetry", self._run)

    @property
    def has_failed(self) -> bool:
        """Whether the subscriber's thread has failed."""
        return self._thread.failure is not None or not self._monitor.is_alive

    def check(self) -> None:
        """Raise what ended one of the subscriber's threads, if it has failed."""
        self._thread.check()
        self._monitor.check()

    def close(self) -> None:
        """Stop receiving."""
        self._stopping.set()
        self._thread.join()
        self._monitor.close()
        self._context.term()

    def _run(self) -> None:
        has_warned = False
        with self._socket:
            while not self._stopping.is_set():
                if not self._socket.poll(_POLL_MS):
                    continue
                received = self._socket.recv_multipart(copy=False)
                self._budgets.took(received)
                try:
                    published = unpack([frame.bytes for frame in received[:_FRAMES]])
                except WireError as error:
                    if not has_warned:
                        _LOG.warning("dropped telemetry: %s", error)
                    has_warned = True
                    continue
                self._take(published)
