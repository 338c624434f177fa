"""The handshake of a host: reports why a broker refuses it, where ZeroMQ itself retries silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zmq
from zmq.utils.monitor import parse_monitor_message

from simnet.errors import HostRefusedError, NodeError

if TYPE_CHECKING:
    from simnet.wire.security.keys import HostKeys

_EVENTS = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
_TOLERATED = 3
"""Failed handshakes in a row that are tolerated, since a broker that ends breaks handshakes too."""


class Handshake:
    """Observes the connection of a socket to its broker."""

    def __init__(self, socket: zmq.Socket[bytes], endpoint: str, keys: HostKeys | None) -> None:
        self._socket, self._endpoint, self._keys = socket, endpoint, keys
        self._events = socket.get_monitor_socket(_EVENTS)
        self._failures = 0

    def check(self) -> None:
        """Handle the events since the last call.

        Raises:
            NodeError: The broker refuses this host.
        """
        while self._events.poll(0):
            event = parse_monitor_message(self._events.recv_multipart())["event"]
            if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                raise HostRefusedError(f"{self._endpoint}: refused the key of this host; {self._expected_key()}")
            self._failures += 1
            if event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL or self._failures >= _TOLERATED:
                raise NodeError(f"{self._endpoint}: no common protocol with the peer there; {self._expected_peer()}")

    def close(self) -> None:
        """Stop observing."""
        self._socket.disable_monitor()
        self._events.close()

    def _expected_key(self) -> str:
        name = "NAME" if self._keys is None else self._keys.name
        return f"expected {name}.key in the broker's folder when it started"

    def _expected_peer(self) -> str:
        if self._keys is None:
            return "expected a broker without keys (this host has none: --keys DIR)"
        return "expected the broker that has the public key in broker.key"
