"""The broker's door on tcp: lets in by key, and complains once about each peer that it turns away."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import zmq
from zmq.utils.monitor import parse_monitor_message

from simnet.wire.log_once import LogOnce
from simnet.wire.security.keys import DOMAIN

if TYPE_CHECKING:
    from zmq.auth.thread import ThreadAuthenticator

    from simnet.wire.security.keys import BrokerKeys

_FAILURES = {
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "it has no key, another broker's, or speaks something else",
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "it has no key, or speaks something else",
}
_WATCHED = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | sum(_FAILURES)
_POLL_MS = 100
_GONE = "somebody who has left"


class Authenticator:
    """Guards sockets of `context`: by `keys`, or (without) only listening to who fails to get in.

    One at most in a context: authentication belongs to that.
    """

    def __init__(self, context: zmq.Context, keys: BrokerKeys | None) -> None:
        self._keys = keys
        self._authenticator = None if keys is None else _authenticator(context, keys)
        self._monitors: list[_Monitor] = []

    def guard(self, guarded: zmq.Socket) -> None:
        """Guard a socket that is not yet bound."""
        if self._keys is not None:
            self._keys.protect(guarded)
        self._monitors.append(_Monitor(guarded))

    def close(self) -> None:
        """Stop; the guarded sockets are to be closed before, and the context after."""
        for monitor in self._monitors:
            monitor.close()
        if self._authenticator is not None:
            self._authenticator.stop()


class _Monitor:
    """Reads the events of one socket in a thread."""

    def __init__(self, guarded: zmq.Socket) -> None:
        self._events = guarded.get_monitor_socket(_WATCHED)
        self._addresses: dict[int, str] = {}
        self._failure: str | None = None
        self._complaints = LogOnce()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with self._events:
            while not self._stopping.is_set():
                if self._events.poll(_POLL_MS):
                    found = parse_monitor_message(self._events.recv_multipart())
                    self._note(found["event"], found["value"])

    def _note(self, event: int, value: int) -> None:
        """Take an event in. ZeroMQ tells of a failure first and then which connection (its descriptor) it closes for that."""
        if event == zmq.EVENT_ACCEPTED:
            self._addresses[value] = _peer(value)
        elif event == zmq.EVENT_DISCONNECTED:
            address = self._addresses.pop(value, "somebody")
            if self._failure is not None:
                self._complaints.once((address, self._failure), f"turned away {address}: {self._failure}")
            self._failure = None
        else:
            self._failure = _FAILURES[zmq.Event(event)]


class _Known:
    """Tells the authenticator whose key may enter."""

    def __init__(self, keys: BrokerKeys) -> None:
        self._keys = keys
        self._complaints = LogOnce()

    def callback(self, _domain: str, key: bytes) -> bool:
        is_known = key in self._keys.hosts
        if not is_known:
            text = f"turned away who has the public key {key.decode('ascii')}: it is not in the broker's folder"
            self._complaints.once(key, text)
        return is_known


def _authenticator(context: zmq.Context, keys: BrokerKeys) -> ThreadAuthenticator:
    from zmq.auth.thread import ThreadAuthenticator

    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve_callback(DOMAIN, _Known(keys))
    return authenticator


def _peer(descriptor: int) -> str:
    """Return the address at the other end of an accepted connection, if it is still there.

    When the event is read the connection may be closed and its number may be that of any other file.
    """
    try:
        copy = os.dup(descriptor)
    except OSError:
        return _GONE
    try:
        accepted = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        return _GONE
    with accepted, suppress(OSError):
        if accepted.family in {socket.AF_INET, socket.AF_INET6}:
            return str(accepted.getpeername()[0])
    return _GONE
