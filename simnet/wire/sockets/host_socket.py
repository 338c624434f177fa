"""A host's socket: a DEALER that takes requests in order and sends replies from any thread."""

from __future__ import annotations

import logging
import secrets
import socket
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import zmq

from simnet.errors import NodeError, WireError, WireVersionError
from simnet.wire import endpoint as place
from simnet.wire.membership.heartbeat import HostHeartbeat
from simnet.wire.protocol.messages import (
    MAX_PAYLOAD_BYTES,
    Envelope,
    Message,
    pack,
    unpack,
)
from simnet.wire.protocol.session_replies import Replies, RequestStatus
from simnet.wire.security.handshake import Handshake

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.wire.membership.admission import HostClaim
    from simnet.wire.security.keys import HostKeys

_LOG = logging.getLogger(__name__)
_HELLO_EVERY_S = 1.0
_TURN_S = 0.2
_SEND_MS = 10_000
_POLL_MS = 1000


class HostSocket:
    """One host's connection. `receive` belongs to one thread; `reply` may be called from any."""

    def __init__(self, context: zmq.Context, endpoint: str, claim: HostClaim, keys: HostKeys | None = None) -> None:
        """Connect to the broker at `endpoint` to `join` it; on tcp, with `keys` if it wants some."""
        self._context, self._endpoint, self._claim, self._host = context, endpoint, claim, claim.host
        self._socket = context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        # The broker knows a host by this from its hello on: nobody else can guess it.
        self._socket.setsockopt(zmq.IDENTITY, b"h" + secrets.token_bytes(16))
        self._socket.setsockopt(zmq.SNDTIMEO, _SEND_MS)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
        self._guard: Callable[[zmq.Socket], None] = (lambda _: None) if keys is None else keys.protect
        self._guard(self._socket)
        self._handshake = Handshake(self._socket, endpoint, keys) if place.is_open(endpoint) else None
        self._socket.connect(endpoint)
        self._outbox: SimpleQueue[tuple[int, Message]] = SimpleQueue()
        # ZeroMQ sockets are not for sharing among threads: a byte on this pair wakes the thread that owns the socket.
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_in.setblocking(False)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._wake_in.fileno(), zmq.POLLIN)
        self._replies = Replies("", 0)
        self._pulse: HostHeartbeat | None = None
        self._scolded = False

    def join(self, timeout_s: float) -> None:
        """Say hello until the broker's welcome comes.

        Raises:
            NodeError: It did not come in time, or the broker refused this host; the message says why.
        """
        welcome = self._welcome(timeout_s)
        self._watch_no_more()
        envelope = Envelope(welcome.envelope.session, welcome.envelope.epoch)
        self._replies = Replies(envelope.session, envelope.epoch)
        endpoint = _pulse_endpoint(self._endpoint, welcome.header["pulse"])
        self._pulse = HostHeartbeat(self._context, endpoint, self._host, envelope, self._guard)

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
            if verdict is RequestStatus.NEW:
                return request
            if verdict is RequestStatus.REPLIED:
                self._send(self._replies.kept(request.envelope.sequence))

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
            self._send(self._replies.keep(sequence, reply))

    def close(self, linger_s: float = 2.0) -> None:
        """Close, giving replies already sent `linger_s` to leave."""
        self._watch_no_more()
        if self._pulse is not None:
            self._pulse.close()
        self._socket.close(linger=int(linger_s * 1000))
        self._wake_out.close()
        self._wake_in.close()

    def _send(self, reply: Message) -> None:
        try:
            self._socket.send_multipart(pack(reply))
        except zmq.Again as error:
            raise NodeError(f"{self._host}: the broker takes no answer for {_SEND_MS / 1000:g} s") from error

    def _watch_no_more(self) -> None:
        if self._handshake is not None:
            self._handshake.close()
            self._handshake = None

    def _welcome(self, timeout_s: float) -> Message:
        hello = pack(self._claim.hello())
        now = time.monotonic()
        deadline, next_hello = now + timeout_s, now
        while (now := time.monotonic()) <= deadline:
            if now >= next_hello:
                next_hello = now + _HELLO_EVERY_S
                with suppress(zmq.Again):  # no broker to send to, and why not, the handshake tells
                    self._socket.send_multipart(hello, zmq.NOBLOCK)
            if self._handshake is not None:
                self._handshake.check()
            try:
                answer = self._receive_raw(min(_TURN_S, max(0.0, deadline - now)))
            except WireVersionError as error:
                raise NodeError(f"{self._host}: the broker sent a {error}") from error
            if answer is not None and answer.kind == "refused":
                raise NodeError(f"{self._host}: refused by the broker: {answer.header['reason']}")
            if answer is not None and answer.kind == "welcome":
                return answer
        raise NodeError(
            f"{self._host}: no welcome from the broker at {self._endpoint} for {timeout_s:g} s; expected it to be up"
        )

    def _receive_raw(self, timeout_s: float) -> Message | None:
        """Return the next well-formed message, or None after `timeout_s` or after sending replies.

        Raises:
            WireVersionError: The broker's is another version.
        """
        ready = dict(self._poller.poll(int(timeout_s * 1000)))
        if self._wake_in.fileno() in ready:
            self._wake_in.recv(4096)
            self.flush()
        if self._socket not in ready:
            return None
        try:
            return unpack(self._socket.recv_multipart())
        except WireVersionError:
            raise
        except WireError as error:
            if not self._scolded:
                self._scolded = True
                _LOG.warning("%s: dropped what the broker's endpoint sent: %s", self._host, error)
            return None


def _pulse_endpoint(main: str, said: str) -> str:
    """Return where to reach the pulse: on tcp, where the broker was reached, at the port that it said."""
    if not main.startswith("tcp://"):
        return said
    return f"{main.rpartition(':')[0]}:{said.rpartition(':')[2]}"
