"""The wire: messages between the broker of a run and the hosts of its nodes, and the sockets that carry them.

    host DEALER ──request/reply──▶ ROUTER broker          numbered; the host keeps a reply until it is acknowledged
    heartbeat DEALER ──beat──▶ ROUTER heartbeat           in a thread of its own on both sides
    run XPUB ──telemetry──▶ SUB dashboard                 one way; a run never waits for a subscriber

- **protocol/** turns messages into bytes, numbers requests and caches replies. It is sans-IO: no socket, no clock.
- **membership/** decides which hosts may join, which are gone, and when a missing host fails the run.
- **security/** is CURVE keys, the authentication of hosts on tcp, and the handshake.
- **sockets/** move the bytes of the broker and of hosts over ZeroMQ.
- **telemetry/** publishes a run to whoever subscribes.

Rules of this room:

- The engine decides what a message means; the wire only carries it.
- Every message is checked against its type before use, whoever sent it, and sizes are capped.
- Sending a request twice is harmless: the host recognises its number and repeats the kept reply.
- A socket belongs to one thread.
"""
