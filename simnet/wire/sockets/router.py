"""Configuration of the ROUTER socket on which a broker listens."""

from __future__ import annotations

import zmq

from simnet.wire.protocol.messages import MAX_PAYLOAD_BYTES

WAITING_MESSAGES = 64
"""Message frames that queue here for each peer; more queue at the peer."""


def open_router(context: zmq.Context[zmq.Socket[bytes]]) -> zmq.Socket[bytes]:
    """Return a ROUTER that is not bound yet, with errors for unreachable peers and a size limit."""
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.LINGER, 0)
    router.setsockopt(zmq.ROUTER_MANDATORY, 1)
    router.setsockopt(zmq.ROUTER_HANDOVER, 1)
    router.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
    router.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
    router.setsockopt(zmq.SNDTIMEO, 10_000)
    return router
