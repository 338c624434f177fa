"""The broker's socket: a ROUTER that lets in whom its roster wants, numbered requests, and waits that end."""

from __future__ import annotations

import logging
import secrets
import time
from typing import TYPE_CHECKING

import zmq

from simnet.errors import InputError, NodeError, WireError, WireVersionError
from simnet.wire import place, pulse
from simnet.wire.door import Door
from simnet.wire.messages import MAX_PAYLOAD_BYTES, Envelope, Message, pack, unpack
from simnet.wire.roster import Claim
from simnet.wire.session import Requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.wire.keys import BrokerKeys
    from simnet.wire.roster import Roster

POLL_S = 0.1
RESEND_S = 5.0
"""A request without a reply is sent again after this long; the host drops the second copy."""
WAITING_MESSAGES = 64
"""Frames of messages that wait here for each peer; more wait at the peer."""
SCOLDED_PEERS = 4096
"""So many peers are remembered as complained about."""

_LOG = logging.getLogger(__name__)


class BrokerSocket:
    """Talks to the hosts that `roster` lets in, and to nobody else.

    A host is known by its name from its hello on; the routing identity that it spoke from then is the only one that counts
    for it, and is too long to guess. `check` is called in every wait, about ten times a second; it raises NodeError when it
    knows of a dead host. Belongs to one thread.
    """

    def __init__(
        self,
        context: zmq.Context,
        endpoint: str,
        roster: Roster,
        check: Callable[[], None] = lambda: None,
        keys: BrokerKeys | None = None,
    ) -> None:
        """Listen at `endpoint`; on tcp, who has none of the hosts' `keys` does not get in.

        Raises:
            InputError: It cannot be listened to there.
        """
        self._session = secrets.token_hex(16)
        self._roster, self._check = roster, check
        self._claims: dict[str, Claim] = {}
        self._hosts: dict[str, Requests] = {}
        self._identities: dict[str, bytes] = {}
        self._scolded: set[bytes] = set()
        self._socket = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_PAYLOAD_BYTES)
        self._socket.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
        self._socket.setsockopt(zmq.SNDTIMEO, 10_000)
        self._door = Door(context, keys) if place.is_open(endpoint) else None
        guard = (lambda _: None) if self._door is None else self._door.guard
        guard(self._socket)
        try:
            self._socket.bind(endpoint)
            self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
            self._pulse = pulse.BrokerPulse(context, _pulse_endpoint(endpoint), self._session, guard)
        except zmq.ZMQError as error:
            self._socket.close()
            if self._door is not None:
                self._door.close()
            raise InputError(
                f"{endpoint}: cannot listen there or one port above ({error}); expected a free address of this machine, "
                "such as tcp://0.0.0.0:5555"
            ) from error
        self._started = False
        self.waited_s = 0.0

    @property
    def hosts(self) -> list[str]:
        """Everybody who has been let in."""
        return list(self._hosts)

    def wait_ready(self, timeout_s: float) -> list[Claim]:
        """Wait until nobody is missing; return what each host claims, by name. Who comes later is refused.

        Raises:
            NodeError: Somebody did not come in time; the message names whom.
        """
        deadline = time.monotonic() + timeout_s
        while missing := self._roster.missing(self._claims.values()):
            if time.monotonic() > deadline:
                raise NodeError(f"{', '.join(missing)}: not there after {timeout_s:g} s; expected to join the run")
            self._pump(POLL_S)
            self._forget_silent()
        self._started = True
        return sorted(self._claims.values(), key=lambda claim: claim.host)

    def post(self, host: str, message: Message) -> int:
        """Send a request to `host` and go on; return its sequence number for `result`."""
        if host not in self._hosts:
            raise NodeError(f"{host}: has not come; sending it {message.kind!r}")
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

    def close(self, linger_ms: int = 0) -> None:
        """Close both sockets; what is still queued has `linger_ms` to leave."""
        self._pulse.close()
        self._socket.close(linger_ms)
        if self._door is not None:
            self._door.close()

    def _pump(self, timeout_s: float) -> None:
        """Take in everything that is there, waiting up to `timeout_s` for the first."""
        wait_ms = int(timeout_s * 1000)
        try:
            self._check()
        except NodeError:
            # What a host said just before it ended counts still.
            if not self._socket.poll(wait_ms):
                raise
        while self._socket.poll(wait_ms):
            frames = self._socket.recv_multipart()
            self._take_in(frames[0], frames[1:])
            wait_ms = 0

    def _take_in(self, identity: bytes, frames: list[bytes]) -> None:
        try:
            message = unpack(frames)
            if message.kind == "hello":
                self._admit(identity, Claim.of(message))
            else:
                self._hosts[self._sender(identity, message)].accept(message)
        except WireVersionError as error:
            self._scold(identity, str(error))
            if frames[0] == b"hello":
                self._refuse(identity, str(error))
        except WireError as error:
            self._scold(identity, str(error))

    def _sender(self, identity: bytes, message: Message) -> str:
        host = next((name for name, known in self._identities.items() if known == identity), None)
        if host is None:
            raise WireError("it has not been let in")
        if message.envelope.session != self._session:
            raise WireError("of another session")
        return host

    def _admit(self, identity: bytes, claim: Claim) -> None:
        host = claim.host
        if self._identities.get(host) != identity:
            objection = self._objection(identity, claim)
            if objection is not None:
                _LOG.warning("refused %s: %s", host[:64], objection)
                self._refuse(identity, objection)
                return
            self._claims[host], self._identities[host] = claim, identity
            self._hosts[host] = Requests(self._session, epoch=1)
            self._pulse.watch(host)
        # A hello that was sent again has its welcome again.
        header = {"pulse": self._pulse.endpoint}
        self._send(host, Message("welcome", header, envelope=Envelope(self._session, self._hosts[host].epoch)))

    def _objection(self, identity: bytes, claim: Claim) -> str | None:
        if objection := self._roster.objection(claim, self._claims.values()):
            return objection
        if self._started:
            return "the run has begun without it; expected it to come before"
        if claim.host in self._claims or identity in self._identities.values():
            return "one of this name is there already, or from this socket; expected a name and a socket of its own"
        return None

    def _refuse(self, identity: bytes, reason: str) -> None:
        try:
            self._socket.send_multipart([identity, *pack(Message("refused", {"reason": reason[:2000]}))], zmq.NOBLOCK)
        except zmq.ZMQError:
            return  # it has gone already, or does not listen

    def _scold(self, identity: bytes, what: str) -> None:
        if identity not in self._scolded and len(self._scolded) < SCOLDED_PEERS:
            self._scolded.add(identity)
            host = next((name for name, known in self._identities.items() if known == identity), None)
            _LOG.warning("dropped what %s sent: %s", host or f"peer {identity[:32].hex()}", what)

    def _forget_silent(self) -> None:
        """Let go of hosts that died before the run began: somebody else may carry their nodes."""
        for host in self.hosts:
            if self._pulse.silence_s(host) > pulse.MISSED * pulse.INTERVAL_S:
                _LOG.warning("%s: no heartbeat; waiting for what it carried to come again", host)
                del self._claims[host], self._hosts[host], self._identities[host]

    def _send_again(self, host: str) -> None:
        for message in self._hosts[host].outstanding:
            self._send(host, message)

    def _send(self, host: str, message: Message) -> None:
        try:
            self._socket.send_multipart([self._identities[host], *pack(message)])
        except zmq.ZMQError as error:
            self._check()
            raise NodeError(f"{host}: cannot be reached ({error}); sending it {message.kind!r}") from error


def _pulse_endpoint(endpoint: str) -> str:
    """Return where the pulse listens: beside the main endpoint; on tcp, one port above, or any where that is any."""
    if endpoint.startswith("tcp://"):
        address, _, port = endpoint.rpartition(":")
        return f"{address}:{int(port) + 1 if port.isdecimal() else '*'}"
    return endpoint + "-pulse"
