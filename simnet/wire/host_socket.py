"""A host's socket: a DEALER that takes requests in order and sends replies from any thread."""

from __future__ import annotations

import logging
import os
import socket
import time
from queue import Empty, SimpleQueue

import zmq

from simnet.errors import NodeError, WireError
from simnet.wire.messages import MAX_PAYLOAD_BYTES, Envelope, Message, pack, unpack
from simnet.wire.pulse import HostPulse
from simnet.wire.session import Replies, Verdict

_LOG = logging.getLogger(__name__)
_HELLO_EVERY_S = 1.0
_POLL_MS = 1000


class HostSocket:
    """One host's connection. `receive` belongs to one thread; `reply` may be called from any."""

    def __init__(self, context: zmq.Context, endpoint: str, session: str, host: str) -> None:
        self._context, self._session, self._host = context, session, host
        self._socket = context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IDENTITY, host.encode())
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
        self._socket.connect(endpoint)
        self._outbox: SimpleQueue[tuple[int, Message]] = SimpleQueue()
        # ZeroMQ sockets are not for sharing among threads: a byte on this pair wakes the thread that owns the socket.
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_in.setblocking(False)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._wake_in.fileno(), zmq.POLLIN)
        self._replies = Replies(session, 0)
        self._pulse: HostPulse | None = None
        self._scolded = False

    def join(self, timeout_s: float) -> None:
        """Say hello until the broker's welcome comes.

        Raises:
            NodeError: It did not come in time.
        """
        deadline = time.monotonic() + timeout_s
        hello = Message("hello", {"host": self._host, "pid": os.getpid()}, envelope=Envelope(self._session))
        self._socket.send_multipart(pack(hello))
        while (welcome := self._receive_raw(_HELLO_EVERY_S)) is None or welcome.kind != "welcome":
            if time.monotonic() > deadline:
                raise NodeError(f"{self._host}: no welcome from the broker for {timeout_s:.0f} s; expected it to be up")
        self._replies = Replies(self._session, welcome.envelope.epoch)
        envelope = Envelope(self._session, welcome.envelope.epoch)
        self._pulse = HostPulse(self._context, welcome.header["pulse"], self._host, envelope)

    def receive(self) -> Message:
        """Return the next request, in the order of their numbers; sends waiting replies meanwhile.

        Raises:
            NodeError: The broker is gone.
        """
        while True:
            request = self._receive_raw(_POLL_MS / 1000)
            if request is None:
                if self._pulse is not None and self._pulse.broker_is_silent:
                    raise NodeError(f"{self._host}: the broker is gone; expected its heartbeat")
                continue
            verdict = self._replies.judge(request)
            if verdict is Verdict.NEW:
                return request
            if verdict is Verdict.REPLIED:
                self._socket.send_multipart(pack(self._replies.kept(request.envelope.sequence)))

    def reply(self, request: Message, reply: Message) -> None:
        """Answer `request`; from any thread, sent by the thread in `receive` or `flush`."""
        self._outbox.put((request.envelope.sequence, reply))
        self._wake_out.send(b"\0")

    def flush(self) -> None:
        """Send what `reply` left in the outbox."""
        while True:
            try:
                sequence, reply = self._outbox.get_nowait()
            except Empty:
                return
            self._socket.send_multipart(pack(self._replies.keep(sequence, reply)))

    def close(self, linger_s: float = 2.0) -> None:
        """Close, giving replies already sent `linger_s` to leave."""
        if self._pulse is not None:
            self._pulse.close()
        self._socket.close(linger=int(linger_s * 1000))
        self._wake_out.close()
        self._wake_in.close()

    def _receive_raw(self, timeout_s: float) -> Message | None:
        """Return the next well-formed message, or None after `timeout_s` or after sending replies."""
        ready = dict(self._poller.poll(int(timeout_s * 1000)))
        if self._wake_in.fileno() in ready:
            self._wake_in.recv(4096)
            self.flush()
        if self._socket not in ready:
            return None
        try:
            return unpack(self._socket.recv_multipart())
        except WireError as error:
            if not self._scolded:
                self._scolded = True
                _LOG.warning("%s: dropped what the broker's endpoint sent: %s", self._host, error)
            return None
