"""The connections of one socket, watched in a thread: who comes, who fails the handshake, who sends beyond its budget."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

import zmq
from zmq.utils.monitor import parse_monitor_message

from simnet.wire.log_once import LogOnce
from simnet.wire.socket_thread import socket_thread

if TYPE_CHECKING:
    from simnet.wire.security.connection_budgets import ConnectionBudgets

_FAILURES = {
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "it has no key, another broker's, or speaks something else",
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "it has no key, or speaks something else",
}
_OPENED = zmq.EVENT_ACCEPTED | zmq.EVENT_CONNECTED
_EVENTS = _OPENED | zmq.EVENT_DISCONNECTED | sum(_FAILURES)
_POLL_MS = 100
_GONE = "a peer that has left"


class ConnectionMonitor:
    """Reads the events of one socket, and enforces `budgets` about ten times a second."""

    def __init__(self, watched: zmq.Socket[bytes], name: str, budgets: ConnectionBudgets) -> None:
        """Watch a socket that is neither bound nor connected yet; `name` is the thread's."""
        self._budgets = budgets
        self._events = watched.get_monitor_socket(_EVENTS)
        self._addresses: dict[int, str] = {}
        self._failure: str | None = None
        self._cut_off: deque[tuple[int, str]] = deque(maxlen=1000)
        self._warnings = LogOnce()
        self._stopping = threading.Event()
        self._thread = socket_thread(name, self._run)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive

    def check(self) -> None:
        """Raise what ended the thread, if it has failed."""
        self._thread.check()

    def cut_off(self) -> list[tuple[int, str]]:
        """Return the connections that were cut off since the last call: descriptor and reason."""
        return [self._cut_off.popleft() for _ in range(len(self._cut_off))]

    def close(self) -> None:
        """Stop, after the watched socket is closed."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        next_look = time.monotonic()
        with self._events:
            while not self._stopping.is_set():
                if self._events.poll(_POLL_MS):
                    found = parse_monitor_message(self._events.recv_multipart())
                    self._note(found["event"], found["value"])
                if time.monotonic() >= next_look:
                    self._enforce()
                    next_look = time.monotonic() + _POLL_MS / 1000

    def _enforce(self) -> None:
        for descriptor, address, reason in self._budgets.enforce():
            self._warnings.warn((address, "budget"), f"cut off {address}: it {reason}")
            self._cut_off.append((descriptor, reason))

    def _note(self, event: int, value: int) -> None:
        """Handle an event. ZeroMQ reports a failure first and then the connection (its descriptor) that it closes."""
        if event & _OPENED:
            self._addresses[value] = self._budgets.opened(value) or _GONE
        elif event == zmq.EVENT_DISCONNECTED:
            self._budgets.closed(value)
            address = self._addresses.pop(value, "a peer")
            if self._failure is not None:
                self._warnings.warn((address, self._failure), f"turned away {address}: {self._failure}")
            self._failure = None
        else:
            self._failure = _FAILURES[zmq.Event(event)]
