"""The kind of socket that a broker listens with."""

from __future__ import annotations

import zmq

from simnet.wire.protocol.messages import MAX_PAYLOAD_BYTES

WAITING_MESSAGES = 64
"""Frames of messages that wait here for each peer; more wait at the peer."""


def open_router(context: zmq.Context) -> zmq.Socket:
    """Return a ROUTER that is not bound yet: it says who cannot be reached, and takes nothing beyond the size cap."""
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.LINGER, 0)
    router.setsockopt(zmq.ROUTER_MANDATORY, 1)
    router.setsockopt(zmq.ROUTER_HANDOVER, 1)
    router.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
    router.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
    router.setsockopt(zmq.SNDTIMEO, 10_000)
    return router
