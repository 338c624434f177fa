"""The wire room: what nodes and the broker say to each other, and the sockets that carry it.

`messages` (bytes <-> messages) and `session` (sequence numbers, cached replies) are sans-IO: no socket, no clock.
`sockets` and `pulse` move their bytes over ZeroMQ. What a message means does not belong here: the engine knows that.

    host DEALER ──request/reply──▶ ROUTER broker        numbered; replies are kept until acknowledged
    pulse DEALER ───heartbeat────▶ ROUTER pulse         threads of their own on both sides
"""
