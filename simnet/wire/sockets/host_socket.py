"""The socket of a host: a DEALER that receives requests in order and sends replies of any thread."""

from __future__ import annotations

import logging
import secrets
import socket
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import zmq

from simnet.errors import HostRefusedError, NodeError, WireError, WireVersionError
from simnet.wire.endpoint import is_open
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
_HELLO_PERIOD_S = 1.0
_WELCOME_POLL_S = 0.2
_SEND_MS = 10_000
_POLL_MS = 1000


class HostSocket:
    """Connection of one host to its broker. One thread calls `receive`; any thread may call `reply`."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, claim: HostClaim, keys: HostKeys | None = None
    ) -> None:
        """Connect to the broker at `endpoint`; on tcp, with `keys` if the broker requires them."""
        self._context, self._endpoint, self._claim, self._host = context, endpoint, claim, claim.host
        self._socket = context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        # The broker identifies the host by this from its hello on; no other peer can guess it.
        self._socket.setsockopt(zmq.IDENTITY, b"h" + secrets.token_bytes(16))
        self._socket.setsockopt(zmq.SNDTIMEO, _SEND_MS)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
        self._protect: Callable[[zmq.Socket[bytes]], None] = (lambda _: None) if keys is None else keys.protect
        self._protect(self._socket)
        self._handshake = Handshake(self._socket, endpoint, keys) if is_open(endpoint) else None
        self._socket.connect(endpoint)
        self._outbox: SimpleQueue[tuple[int, Message]] = SimpleQueue()
        # Threads must not share ZeroMQ sockets: a byte on this pair wakes the thread that owns the socket.
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_in.setblocking(False)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._wake_in.fileno(), zmq.POLLIN)
        self._replies = Replies("", 0)
        self._heartbeat: HostHeartbeat | None = None
        self._has_warned = False

    def join(self, timeout_s: float) -> None:
        """Send hello until the broker sends its welcome.

        Raises:
            NodeError: No welcome arrived in time, or the broker refused this host; the message has the reason.
        """
        welcome = self._welcome(timeout_s)
        self._close_handshake()
        envelope = Envelope(welcome.envelope.session, welcome.envelope.epoch)
        self._replies = Replies(envelope.session, envelope.epoch)
        endpoint = _heartbeat_endpoint(self._endpoint, welcome.header["pulse"])
        self._heartbeat = HostHeartbeat(self._context, endpoint, self._host, envelope, self._protect)

    def receive(self) -> Message:
        """Return the next request in order of numbers; sends queued replies while it waits.

        Raises:
            NodeError: The broker is gone.
        """
        while True:
            request = self._receive_raw(_POLL_MS / 1000)
            if self._heartbeat is not None:
                self._heartbeat.check()
            if request is None:
                if self._heartbeat is not None and self._heartbeat.broker_is_silent:
                    raise NodeError(f"{self._host}: the broker is gone; expected its heartbeat")
                continue
            if request.kind == "refused":
                raise HostRefusedError(f"{self._host}: refused by the broker: {request.header['reason']}")
            status = self._replies.classify(request)
            if status is RequestStatus.NEW:
                return request
            if status is RequestStatus.REPLIED:
                self._send(self._replies.kept(request.envelope.sequence))

    def reply(self, request: Message, reply: Message) -> None:
        """Queue the reply to `request`, from any thread; `receive` or `flush` sends it."""
        self._outbox.put((request.envelope.sequence, reply))
        self._wake_out.send(b"\0")

    def flush(self) -> None:
        """Send all queued replies."""
        while True:
            try:
                sequence, reply = self._outbox.get_nowait()
            except Empty:
                return
            self._send(self._replies.keep(sequence, reply))

    def close(self, linger_s: float = 2.0) -> None:
        """Close; replies already sent have `linger_s` to leave."""
        self._close_handshake()
        if self._heartbeat is not None:
            self._heartbeat.close()
        self._socket.close(linger=int(linger_s * 1000))
        self._wake_out.close()
        self._wake_in.close()

    def _send(self, reply: Message) -> None:
        try:
            self._socket.send_multipart(pack(reply))
        except zmq.Again as error:
            raise NodeError(f"{self._host}: the broker accepts no answer for {_SEND_MS / 1000:g} s") from error

    def _close_handshake(self) -> None:
        if self._handshake is not None:
            self._handshake.close()
            self._handshake = None

    def _welcome(self, timeout_s: float) -> Message:
        hello = pack(self._claim.hello())
        now = time.monotonic()
        deadline, next_hello = now + timeout_s, now
        while (now := time.monotonic()) <= deadline:
            if now >= next_hello:
                next_hello = now + _HELLO_PERIOD_S
                with suppress(zmq.Again):  # no broker is connected; the handshake reports the reason
                    self._socket.send_multipart(hello, zmq.NOBLOCK)
            if self._handshake is not None:
                self._handshake.check()
            try:
                answer = self._receive_raw(min(_WELCOME_POLL_S, max(0.0, deadline - now)))
            except WireVersionError as error:
                raise NodeError(f"{self._host}: the broker sent a {error}") from error
            if answer is not None and answer.kind == "refused":
                raise HostRefusedError(f"{self._host}: refused by the broker: {answer.header['reason']}")
            if answer is not None and answer.kind == "welcome":
                return answer
        raise NodeError(
            f"{self._host}: no welcome from the broker at {self._endpoint} for {timeout_s:g} s; expected it to be up"
        )

    def _receive_raw(self, timeout_s: float) -> Message | None:
        """Return the next valid message, or None after `timeout_s` or after sending replies.

        Raises:
            WireVersionError: The broker uses another version.
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
            if not self._has_warned:
                self._has_warned = True
                _LOG.warning("%s: dropped what the broker's endpoint sent: %s", self._host, error)
            return None


def _heartbeat_endpoint(main: str, announced: str) -> str:
    """Return the heartbeat endpoint as this host reaches it: on tcp, the broker's address with the announced port."""
    if not main.startswith("tcp://"):
        return announced
    return f"{main.rpartition(':')[0]}:{announced.rpartition(':')[2]}"
