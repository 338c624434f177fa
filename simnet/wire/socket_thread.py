"""A service thread that owns sockets and ends with their context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zmq

from simnet.service_thread import ServiceThread

if TYPE_CHECKING:
    from collections.abc import Callable

_CLOSED = frozenset({zmq.ETERM, zmq.ENOTSOCK})
"""What ZeroMQ says once a context is closed under a socket."""


def socket_thread(name: str, serve: Callable[[], object]) -> ServiceThread:
    """Start `serve`, whose sockets are its own; the end of their context, as after Ctrl-C, is no failure."""

    def run() -> None:
        try:
            serve()
        except zmq.ZMQError as error:
            if error.errno not in _CLOSED:
                raise

    return ServiceThread(name, run)
