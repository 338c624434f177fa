"""The socket of the broker: a ROUTER with admission, numbered requests and bounded waits.

The broker waits for a host that is gone. When that host says hello again, it gets replayed messages and its open requests, in
order.
"""

from __future__ import annotations

import logging
import math
import secrets
import time
from typing import TYPE_CHECKING

import zmq

from simnet.errors import InputError, NodeError, NodeLostError, WireError, WireVersionError
from simnet.wire.endpoint import is_open
from simnet.wire.log_once import LogOnce
from simnet.wire.membership import heartbeat
from simnet.wire.membership.admission import HostClaim
from simnet.wire.membership.liveness import Absence, detect_silent_hosts, raise_if_lost
from simnet.wire.membership.membership import Membership
from simnet.wire.protocol.messages import (
    MAX_PAYLOAD_BYTES,
    Envelope,
    Message,
    pack,
    unpack,
)
from simnet.wire.protocol.session_replies import REPLAYED, Requests
from simnet.wire.security.authentication import Authenticator
from simnet.wire.sockets.host_connections import HostConnections
from simnet.wire.sockets.router import open_router

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.wire.membership.admission import Roster
    from simnet.wire.membership.liveness import FailureDetector, ReplaySource
    from simnet.wire.security.keys import BrokerKeys

POLL_S = 0.1
MAX_FRAMES = 6
"""Frames of a message that are looked at: no kind has as many."""
RESEND_S = 5.0
"""Time after which a request without a reply is sent again; the host drops a second copy."""
BEATS_MISSED = 2
"""Missed beats after which a host gives way to another process that says hello with its claim."""

_LOG = logging.getLogger(__name__)


class BrokerSocket:
    """Talks to the hosts that `roster` admits, and to no other peer.

    The routing identity of a host's hello is the only one that counts for that host, and is too long to guess. `detector`
    reports lost hosts. With a `replay_source` a host can come back within `patience_s`; without one it cannot. One thread owns
    the socket.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        roster: Roster,
        detector: FailureDetector = detect_silent_hosts,
        replay_source: ReplaySource | None = None,
        patience_s: float = 0.0,
        keys: BrokerKeys | None = None,
    ) -> None:
        """Listen on `endpoint`; on tcp, `keys` decide which hosts may connect.

        Raises:
            InputError: The endpoint is not available.
        """
        self._session = secrets.token_hex(16)
        self._membership = Membership(roster, may_return=replay_source is not None)
        self._detector, self._replay_source, self._patience_s = detector, replay_source, patience_s
        self._hosts: dict[str, Requests] = {}
        self._keys: dict[str, str | None] = {}
        """Name of the key with which each host has joined; None without keys."""
        self._returning: dict[bytes, float] = {}
        """First hello, by routing identity, of processes that claim the place of a present host."""
        self._warnings = LogOnce()
        self._reply_bytes: Callable[[Message], int] = lambda _: MAX_PAYLOAD_BYTES
        self._socket = open_router(context)
        self._connections = HostConnections(Authenticator(context, keys) if is_open(endpoint) else None)
        self._connections.protect(self._socket)
        try:
            self._socket.bind(endpoint)
            self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
            self._heartbeat = heartbeat.BrokerHeartbeat(
                context,
                heartbeat.heartbeat_endpoint(endpoint),
                self._session,
                self._connections.protect,
                self._connections.key_of,
            )
        except BaseException as error:  # Ctrl-C too: the end of the context would close the sockets under their threads
            self._socket.close()
            self._connections.close()
            if not isinstance(error, zmq.ZMQError):
                raise
            raise InputError(
                f"{endpoint}: cannot listen there or one port above ({error}); expected a free address of this machine, "
                "such as tcp://0.0.0.0:5555"
            ) from error
        self.waited_s = 0.0
        self.returns = 0
        """Number of times that a host came back during the run."""

    @property
    def hosts(self) -> list[str]:
        """Names of all hosts that have joined."""
        return self._membership.hosts

    def wait_ready(self, timeout_s: float) -> list[HostClaim]:
        """Wait until no node is missing; return the claims in order of names. Later hosts are refused.

        Raises:
            NodeError: A host did not join in time; the message names what is missing.
        """
        deadline = time.monotonic() + timeout_s
        while missing := self._membership.missing:
            for absent in self._membership.away.values():
                if absent.final:
                    raise NodeLostError(absent.host, f"{absent.reason}; expected it to join the run")
            if time.monotonic() > deadline:
                raise NodeError(f"{', '.join(missing)}: not there after {timeout_s:g} s; expected to join the run")
            self._pump(POLL_S)
        self._membership.has_begun = True
        return self._membership.claims

    def is_here(self, host: str) -> bool:
        """Return whether a host has joined and is not away."""
        return self._membership.is_here(host)

    def post(self, host: str, message: Message) -> int:
        """Send a request to `host`, now or when it is back; return its ticket for `result` without waiting."""
        if host not in self._hosts:
            raise NodeError(f"{host}: has not joined; sending it {message.kind!r}")
        requests = self._hosts[host]
        ticket = requests.post(message)
        self._connections.allow(host, requests.owed_bytes)
        if self.is_here(host):
            self._send(host, requests.newest)
        return ticket

    def skip(self, host: str) -> int:
        """Return the ticket that `post` would return, for a request that need not be sent."""
        return self._hosts[host].skip()

    def next_ticket(self, host: str) -> int:
        """Return the ticket that the next request to `host` will have."""
        return self._hosts[host].next_ticket

    def tell(self, host: str, message: Message) -> None:
        """Send a message that `host` needs before its first request; the replay source checks the reply."""
        self._hosts[host].tell(message)
        self._connections.allow(host, self._hosts[host].owed_bytes)
        if self.is_here(host):
            self._send(host, self._hosts[host].newest)

    def result(self, host: str, ticket: int, what: str, timeout_s: float) -> Message:
        """Return the reply to a request, after a wait if necessary.

        Raises:
            NodeLostError: The host is gone and did not come back in time; the message names the host and `what`.
            NodeError: It did not answer within `timeout_s`.
        """
        requests = self._hosts[host]
        began = requested = last_sent = time.monotonic()
        epoch = requests.epoch
        while (reply := requests.take(ticket)) is None:
            now = time.monotonic()
            if requests.epoch != epoch:
                epoch, requested, last_sent = requests.epoch, now, now
            if (absent := self._membership.away.get(host)) is not None:
                raise_if_lost(absent, self._patience_s, what)
            elif now - requested > timeout_s:
                raise NodeError(f"{host}: no answer for {timeout_s:.0f} s; waited for {what}")
            elif now - last_sent > RESEND_S:
                last_sent = now
                self._send_again(host)
            self._pump(POLL_S)
        self.waited_s += time.monotonic() - began
        return reply

    def wait(self, seconds: float) -> None:
        """Handle messages for this much wall time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._pump(min(left, POLL_S))

    def close(self, linger_ms: int = 0) -> None:
        """Close both sockets; queued messages have `linger_ms` to leave."""
        self._heartbeat.close()
        self._socket.close(linger_ms)
        self._connections.close()

    def _check_liveness(self) -> None:
        """Note the hosts that are gone since the last call."""
        limit_s = heartbeat.MISSED * heartbeat.INTERVAL_S
        silent = [host for host in self._hosts if self.is_here(host) and self._heartbeat.silence_s(host) > limit_s]
        for absent in self._detector(silent):
            self._membership.leave(absent)
            if not self._membership.has_begun:
                self._hosts.pop(absent.host, None)
            if not absent.final:
                _LOG.warning("%s: %s; waiting for it to come back", absent.host, absent.reason)

    def _pump(self, timeout_s: float) -> None:
        """Handle all messages in the socket, after a wait of up to `timeout_s` for the first."""
        self._heartbeat.check()
        for host, reason in self._connections.check():
            self.refuse(host, f"refused, it {reason}")
        if timeout_s:
            self._check_liveness()
        wait_ms = math.ceil(timeout_s * 1000)
        while self._socket.poll(wait_ms):
            received = self._socket.recv_multipart(copy=False)
            descriptor, key = self._connections.took(received), self._connections.key_of(received[-1])
            identity, *frames = [frame.bytes for frame in received[:MAX_FRAMES]]
            self._handle(identity, frames, key)
            if (host := self._membership.host_at(identity)) is not None and self.is_here(host):
                self._connections.belongs_to(host, descriptor)
                self._connections.allow(host, self._hosts[host].owed_bytes)
            wait_ms = 0

    def _most_bytes(self, request: Message) -> int:
        return self._reply_bytes(request)

    def expect(self, reply_bytes: Callable[[Message], int]) -> None:
        """Bound the replies to later requests: `reply_bytes` returns the most that an honest one has."""
        self._reply_bytes = reply_bytes

    def _handle(self, identity: bytes, frames: list[bytes], key: str | None) -> None:
        try:
            message = unpack(frames)
            if message.kind == "hello":
                self._admit(identity, HostClaim.of(message), key)
            else:
                host = self._sender(identity, message, key)
                if self._hosts[host].accept(message) == REPLAYED and self._replay_source is not None:
                    self._replay_source.replayed(host, message)
        except WireError as error:
            self._drop(identity, error)
            host = self._membership.host_at(identity)
            if host is not None and self._keys[host] == key:
                self.refuse(host, f"refused, it sent what is no message: {error}")
            elif isinstance(error, WireVersionError) and frames[0] == b"hello":
                self._refuse(identity, str(error))

    def refuse(self, host: str, reason: str) -> None:
        """Take no more from a host that lies or babbles, and tell it so; once the run has begun, it cannot come back.

        Before, another host may run its nodes.
        """
        if self.is_here(host):
            self._refuse(self._membership.identity(host), reason)
            self._membership.leave(Absence(host, reason, final=self._membership.has_begun))
            if not self._membership.has_begun:
                self._hosts.pop(host, None)

    def _sender(self, identity: bytes, message: Message, key: str | None) -> str:
        host = self._membership.host_at(identity)
        if host is None or self._keys[host] != key:
            raise WireError("it has not joined")
        if (absent := self._membership.away.get(host)) is not None and absent.final:
            raise WireError("it was refused")
        if message.envelope.session != self._session:
            raise WireError("a message of another session")
        return host

    def _admit(self, identity: bytes, claim: HostClaim, key: str | None) -> None:
        host = claim.host
        # First of all, since a claim may take the place of a host that is gone.
        if (objection := self._connections.objection(key, claim)) is not None:
            self._object(identity, host, objection)
            return
        if self._membership.host_at(identity) == host:
            self._welcome(host)  # a repeated hello gets its welcome again
            return
        if self._may_be_back(identity, claim):
            return
        if (objection := self._membership.objection(identity, claim)) is not None:
            self._object(identity, host, objection)
            return
        self._membership.enter(identity, claim)
        self._keys[host] = key
        self._heartbeat.watch(host, key)
        requests = self._hosts.setdefault(host, Requests(self._session, reply_bytes=self._most_bytes))
        self.returns += self._membership.has_begun
        replayed = (
            self._replay_source.replay(host, requests.owed)
            if self._replay_source is not None and requests.epoch
            else ()
        )
        messages = requests.restart(replayed)
        self._welcome(host)
        for message in messages:
            self._send(host, message)

    def _welcome(self, host: str) -> None:
        header = {"pulse": self._heartbeat.endpoint}
        self._send(host, Message("welcome", header, envelope=Envelope(self._session, self._hosts[host].epoch)))

    def _may_be_back(self, identity: bytes, claim: HostClaim) -> bool:
        """Return whether to ignore a hello for now: the crash of the present host may not be detected yet."""
        host = claim.host
        membership = self._membership
        if (
            not membership.has_begun
            or self._replay_source is None
            or not (membership.is_here(host) and membership.is_known(claim))
        ):
            return False
        first_hello = self._returning.setdefault(identity, time.monotonic())
        if self._heartbeat.silence_s(host) <= BEATS_MISSED * heartbeat.INTERVAL_S:
            return time.monotonic() - first_hello <= (BEATS_MISSED + 1) * heartbeat.INTERVAL_S
        membership.leave(Absence(host, "another process took its place"))
        return False

    def _object(self, identity: bytes, host: str, objection: str) -> None:
        self._warnings.warn(identity, f"refused {host[:64]}: {objection}")
        self._refuse(identity, objection)

    def _refuse(self, identity: bytes, reason: str) -> None:
        try:
            self._socket.send_multipart([identity, *pack(Message("refused", {"reason": reason[:2000]}))], zmq.NOBLOCK)
        except zmq.ZMQError:
            return  # the peer is gone, or does not read

    def _drop(self, identity: bytes, error: WireError) -> None:
        host = self._membership.host_at(identity)
        self._warnings.warn(identity, f"dropped what {host or f'peer {identity[:32].hex()}'} sent: {error}")

    def _send_again(self, host: str) -> None:
        for message in self._hosts[host].outstanding:
            self._send(host, message)

    def _send(self, host: str, message: Message) -> None:
        try:
            self._socket.send_multipart([self._membership.identity(host), *pack(message)])
        except zmq.ZMQError as error:
            # The host has just died or does not read: its silence shows that, and its open requests are repeated when it is back.
            if self._replay_source is None:
                raise NodeError(f"{host}: cannot be reached ({error}); sending it {message.kind!r}") from error
