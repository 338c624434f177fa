"""Authentication of hosts on tcp by key; the broker logs each peer that it turns away, once."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import zmq
from zmq.utils.monitor import parse_monitor_message

from simnet.errors import NodeError
from simnet.wire.log_once import LogOnce
from simnet.wire.security.keys import DOMAIN, FUSION
from simnet.wire.socket_thread import socket_thread

if TYPE_CHECKING:
    from zmq.auth.thread import ThreadAuthenticator

    from simnet.wire.membership.admission import HostClaim
    from simnet.wire.security.keys import BrokerKeys

_FAILURES = {
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "it has no key, another broker's, or speaks something else",
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "it has no key, or speaks something else",
}
_EVENTS = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | sum(_FAILURES)
_POLL_MS = 100
_GONE = "a peer that has left"


class Authenticator:
    """Protects sockets of `context` by `keys`; without keys it only logs peers whose handshake fails.

    A context has at most one, since ZeroMQ authenticates per context.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: BrokerKeys | None) -> None:
        self._keys = keys
        self._authenticator = None if keys is None else _authenticator(context, keys)
        self._monitors: list[_Monitor] = []

    def protect(self, protected: zmq.Socket[bytes]) -> None:
        """Protect a socket that is not bound yet."""
        if self._keys is not None:
            self._keys.protect(protected)
        self._monitors.append(_Monitor(protected))

    def key_of(self, frame: zmq.Frame) -> str | None:
        """Return the name of the key with which the sender of a frame has authenticated; None without keys."""
        if self._keys is None:
            return None
        user = str(frame.get("User-Id"))  # ZeroMQ's word for the key that it has checked
        return self._keys.hosts.get(user.encode())

    def objection(self, key: str | None, claim: HostClaim) -> str | None:
        """Return the objection to a claim by a host with this key, or None."""
        if self._keys is None:
            return None
        return self._keys.objection(key, [*claim.nodes, *[FUSION] * claim.fusion] or [claim.host])

    def check(self) -> None:
        """Raise what ended one of the threads, if one has failed."""
        for monitor in self._monitors:
            monitor.check()
        if self._authenticator is not None and not self._authenticator.is_alive():
            raise NodeError(
                "broker authentication: ZeroMQ's authenticator has ended; expected it to last as long as the run"
            )

    def close(self) -> None:
        """Stop, after the protected sockets are closed and before the context is."""
        for monitor in self._monitors:
            monitor.close()
        if self._authenticator is not None:
            self._authenticator.stop()


class _Monitor:
    """Reads the events of one socket in a thread."""

    def __init__(self, protected: zmq.Socket[bytes]) -> None:
        self._events = protected.get_monitor_socket(_EVENTS)
        self._addresses: dict[int, str] = {}
        self._failure: str | None = None
        self._warnings = LogOnce()
        self._stopping = threading.Event()
        self._thread = socket_thread("broker authentication", self._run)

    def check(self) -> None:
        self._thread.check()

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
        """Handle an event. ZeroMQ reports a failure first and then the connection (its descriptor) that it closes."""
        if event == zmq.EVENT_ACCEPTED:
            self._addresses[value] = _peer(value)
        elif event == zmq.EVENT_DISCONNECTED:
            address = self._addresses.pop(value, "a peer")
            if self._failure is not None:
                self._warnings.warn((address, self._failure), f"turned away {address}: {self._failure}")
            self._failure = None
        else:
            self._failure = _FAILURES[zmq.Event(event)]


class _KeyPolicy:
    """Tells ZeroMQ's authenticator which keys are known."""

    def __init__(self, keys: BrokerKeys) -> None:
        self._keys = keys
        self._warnings = LogOnce()

    def callback(self, _domain: str, key: bytes) -> bool:
        is_known = key in self._keys.hosts
        if not is_known:
            text = f"turned away a host with the public key {key.decode('ascii')}: it is not in the broker's folder"
            self._warnings.warn(key, text)
        return is_known


def _authenticator(context: zmq.Context[zmq.Socket[bytes]], keys: BrokerKeys) -> ThreadAuthenticator:
    from zmq.auth.thread import ThreadAuthenticator

    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve_callback(DOMAIN, _KeyPolicy(keys))
    return authenticator


def _peer(descriptor: int) -> str:
    """Return the address of the peer of an accepted connection, if the connection still exists.

    When the event is read, the connection may be closed and its descriptor may belong to another file.
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
