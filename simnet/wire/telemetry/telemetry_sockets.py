"""Telemetry sockets: a publisher that never blocks its run, and a subscriber that waits for any run.

    run ──put──▶ bounded queue ──thread──▶ XPUB ──tcp──▶ SUB ──thread──▶ dashboard

An XPUB socket reports subscriptions: with no subscriber, nothing is encoded or sent.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import zmq

from simnet.errors import InputError, WireError
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
        self._has_subscribers = self._closing = False
        self.dropped = 0
        """Number of records that were put while the queue was full."""
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.LINGER, _LINGER_MS)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)  # report every subscriber, not only the first
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self._context.destroy(0)
            raise InputError(
                f"{endpoint}: cannot publish there ({error}); expected e.g. tcp://127.0.0.1:5570"
            ) from error
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._thread = socket_thread("telemetry", self._run)

    @property
    def has_subscribers(self) -> bool:
        """Whether there is a subscriber."""
        return self._has_subscribers

    def check(self) -> None:
        """Raise what ended the publisher's thread, if it has failed."""
        self._thread.check()

    def put(self, make: Callable[[], Published]) -> None:
        """Queue a record and return at once; the publisher's thread calls `make`. A full queue drops the record."""
        if not self._has_subscribers:
            return
        if len(self._queue) >= _BACKLOG:
            self.dropped += 1
            return
        self._queue.append(make)

    def close(self) -> None:
        """Send all queued records and stop."""
        self._closing = True
        self._thread.join()
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
        """Handle subscriptions; return whether there is a new one."""
        is_new = False
        while self._socket.poll(wait_ms):
            wait_ms = 0
            note = self._socket.recv()
            self._has_subscribers = note[:1] == b"\x01"
            is_new = is_new or self._has_subscribers
        return is_new

    def _send(self, published: Published) -> None:
        if self._has_subscribers:
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
        try:
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self._context.destroy(0)
            raise InputError(f"{endpoint}: cannot connect ({error}); expected e.g. tcp://127.0.0.1:5570") from error
        self._thread = socket_thread("telemetry", self._run)

    @property
    def has_failed(self) -> bool:
        """Whether the subscriber's thread has failed."""
        return self._thread.failure is not None

    def check(self) -> None:
        """Raise what ended the subscriber's thread, if it has failed."""
        self._thread.check()

    def close(self) -> None:
        """Stop receiving."""
        self._stopping.set()
        self._thread.join()
        self._context.term()

    def _run(self) -> None:
        has_warned = False
        with self._socket:
            while not self._stopping.is_set():
                if not self._socket.poll(_POLL_MS):
                    continue
                try:
                    published = unpack(self._socket.recv_multipart())
                except WireError as error:
                    if not has_warned:
                        _LOG.warning("dropped telemetry: %s", error)
                    has_warned = True
                    continue
                self._take(published)
