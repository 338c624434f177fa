"""Why a host cannot get through its broker's door: ZeroMQ itself would go on trying without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zmq
from zmq.utils.monitor import parse_monitor_message

from simnet.errors import NodeError

if TYPE_CHECKING:
    from simnet.wire.security.keys import HostKeys

_WATCHED = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
_TOLERATED = 3
"""A broker that just ends breaks handshakes too; one that will not have them breaks each."""


class Handshake:
    """Watches a socket that connects to a broker."""

    def __init__(self, socket: zmq.Socket, endpoint: str, keys: HostKeys | None) -> None:
        self._socket, self._endpoint, self._keys = socket, endpoint, keys
        self._events = socket.get_monitor_socket(_WATCHED)
        self._broken = 0

    def check(self) -> None:
        """Take in what has happened.

        Raises:
            NodeError: The broker does not let this host in.
        """
        while self._events.poll(0):
            event = parse_monitor_message(self._events.recv_multipart())["event"]
            if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                raise NodeError(f"{self._endpoint}: refused our key; {self._expected_key()}")
            self._broken += 1
            if event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL or self._broken >= _TOLERATED:
                raise NodeError(
                    f"{self._endpoint}: no common language with what listens there; {self._expected_peer()}"
                )

    def close(self) -> None:
        """Watch no longer."""
        self._socket.disable_monitor()
        self._events.close()

    def _expected_key(self) -> str:
        name = "NAME" if self._keys is None else self._keys.name
        return f"expected {name}.key in the broker's folder when it started"

    def _expected_peer(self) -> str:
        if self._keys is None:
            return "expected a broker without keys (this host has none: --keys DIR)"
        return "expected the broker whose public key broker.key is"
