"""The broker's socket: a ROUTER with a named roster, numbered requests, and waits that end."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import zmq

from simnet.errors import NodeError, WireError
from simnet.wire import pulse
from simnet.wire.messages import MAX_PAYLOAD_BYTES, Envelope, Message, pack, unpack
from simnet.wire.session import Requests

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POLL_S = 0.1
RESEND_S = 5.0
"""A request without a reply is sent again after this long; the host drops the second copy."""

_LOG = logging.getLogger(__name__)


class BrokerSocket:
    """Talks to the hosts of `roster`, and to nobody else.

    `check` is called in every wait, about ten times a second; it raises NodeError when it knows of a dead host.
    Belongs to one thread.
    """

    def __init__(
        self,
        context: zmq.Context,
        endpoint: str,
        session: str,
        roster: Sequence[str],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = session
        self._check = check
        self._hosts = {host: Requests(session) for host in roster}
        self._scolded: set[bytes] = set()
        self._socket = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
        self._socket.setsockopt(zmq.SNDTIMEO, 10_000)
        self._socket.bind(endpoint)
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._pulse = pulse.BrokerPulse(context, _pulse_endpoint(endpoint), session, roster)
        self._started = False
        self.waited_s = 0.0

    def wait_ready(self, timeout_s: float) -> None:
        """Wait until every host of the roster has said hello.

        Raises:
            NodeError: One did not in time; the message names it.
        """
        deadline = time.monotonic() + timeout_s
        while missing := [host for host, requests in self._hosts.items() if requests.epoch == 0]:
            if time.monotonic() > deadline:
                raise NodeError(f"{', '.join(missing)}: not there after {timeout_s:.0f} s; expected it to join the run")
            self._pump(POLL_S)
        self._started = True

    def post(self, host: str, message: Message) -> int:
        """Send a request to `host` and go on; return its sequence number for `result`."""
        numbered = self._hosts[host].post(message)
        self._send(host, numbered)
        return numbered.envelope.sequence

    def result(self, host: str, sequence: int, what: str, timeout_s: float) -> Message:
        """Return the reply to a request, waiting for it if need be.

        Raises:
            NodeError: The host failed, died, or did not answer within `timeout_s`; the message names it and `what`.
        """
        began = last_sent = time.monotonic()
        while (reply := self._hosts[host].take(sequence)) is None:
            now = time.monotonic()
            if now - began > timeout_s:
                raise NodeError(f"{host}: no answer for {timeout_s:.0f} s; waited for {what}")
            if self._pulse.silence_s(host) > pulse.MISSED * pulse.INTERVAL_S:
                raise NodeError(f"{host}: no heartbeat for {self._pulse.silence_s(host):.0f} s; waited for {what}")
            if now - last_sent > RESEND_S:
                last_sent = now
                self._send_again(host)
            self._pump(POLL_S)
        self.waited_s += time.monotonic() - began
        return reply

    def ready(self, host: str, sequence: int) -> Message | None:
        """Return the reply to a request if it is there already."""
        self._pump(0)
        return self._hosts[host].take(sequence)

    def close(self) -> None:
        """Close both sockets; nothing that is still queued is sent."""
        self._pulse.close()
        self._socket.close()

    def _pump(self, timeout_s: float) -> None:
        """Take in everything that is there, waiting up to `timeout_s` for the first."""
        if timeout_s:
            self._check()
        wait_ms = int(timeout_s * 1000)
        while self._socket.poll(wait_ms):
            frames = self._socket.recv_multipart()
            self._take_in(frames[0], frames[1:])
            wait_ms = 0

    def _take_in(self, identity: bytes, frames: list[bytes]) -> None:
        try:
            message = unpack(frames)
            host = self._sender(identity, message)
        except WireError as error:
            if identity not in self._scolded:
                self._scolded.add(identity)
                _LOG.warning("dropped what %r sent: %s", identity[:64], error)
            return
        if message.kind == "hello":
            self._welcome(host)
        else:
            self._hosts[host].accept(message)

    def _sender(self, identity: bytes, message: Message) -> str:
        host = identity.decode("utf-8", "replace")
        if host not in self._hosts:
            raise WireError("not on the roster")
        if message.envelope.session != self._session:
            raise WireError("of another session")
        return host

    def _welcome(self, host: str) -> None:
        requests = self._hosts[host]
        if self._started:
            raise NodeError(f"{host}: came back in the middle of the run without what it knew; expected it to stay up")
        requests.epoch += 1
        header = {"pulse": self._pulse.endpoint}
        self._send(host, Message("welcome", header, envelope=Envelope(self._session, requests.epoch)))

    def _send_again(self, host: str) -> None:
        for message in self._hosts[host].outstanding:
            self._send(host, message)

    def _send(self, host: str, message: Message) -> None:
        try:
            self._socket.send_multipart([host.encode(), *pack(message)])
        except zmq.ZMQError as error:
            self._check()
            raise NodeError(f"{host}: cannot be reached ({error}); sending it {message.kind!r}") from error


def _pulse_endpoint(endpoint: str) -> str:
    """Return where the pulse listens: beside the main endpoint; on tcp, on any free port of the same address."""
    if endpoint.startswith("tcp://"):
        return endpoint.rpartition(":")[0] + ":*"
    return endpoint + "-pulse"
