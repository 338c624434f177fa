"""The broker's socket: a ROUTER that lets in whom its roster wants, numbered requests, and waits that end.

A host that is gone is waited for. When it says hello again it is told what it has to know, and then what it still owes.
"""

from __future__ import annotations

import logging
import math
import secrets
import time
from typing import TYPE_CHECKING

import zmq

from simnet.errors import InputError, NodeError, NodeLostError, WireError, WireVersionError
from simnet.wire import endpoint as place
from simnet.wire.log_once import LogOnce
from simnet.wire.membership import heartbeat
from simnet.wire.membership.admission import HostClaim
from simnet.wire.membership.liveness import Absence, detect_silent_hosts, raise_if_lost
from simnet.wire.membership.membership import Membership
from simnet.wire.protocol.messages import (
    Envelope,
    Message,
    pack,
    unpack,
)
from simnet.wire.protocol.session_replies import REPLAYED, Requests
from simnet.wire.security.authentication import Authenticator
from simnet.wire.sockets.router import open_router

if TYPE_CHECKING:
    from simnet.wire.membership.admission import Roster
    from simnet.wire.membership.liveness import FailureDetector, ReplaySource
    from simnet.wire.security.keys import BrokerKeys

POLL_S = 0.1
RESEND_S = 5.0
"""A request without a reply is sent again after this long; the host drops the second copy."""
BEATS_MISSED = 2
"""A host that has missed so many beats gives way to one that says hello in its place."""

_LOG = logging.getLogger(__name__)


class BrokerSocket:
    """Talks to the hosts that `roster` lets in, and to nobody else.

    A host is known by its name from its hello on; the routing identity that it spoke from then is the only one that counts
    for it, and is too long to guess. `watch` tells which hosts are gone; `memory` is what lets one come back, within
    `patience_s`, and without it none can. Belongs to one thread.
    """

    def __init__(
        self,
        context: zmq.Context,
        endpoint: str,
        roster: Roster,
        watch: FailureDetector = detect_silent_hosts,
        memory: ReplaySource | None = None,
        patience_s: float = 0.0,
        keys: BrokerKeys | None = None,
    ) -> None:
        """Listen at `endpoint`; on tcp, who has none of the hosts' `keys` does not get in.

        Raises:
            InputError: It cannot be listened to there.
        """
        self._session = secrets.token_hex(16)
        self._attendance = Membership(roster, may_return=memory is not None)
        self._watch, self._memory, self._patience_s = watch, memory, patience_s
        self._hosts: dict[str, Requests] = {}
        self._knocking: dict[bytes, float] = {}
        """Since when somebody asks to come in for a host that is still taken to be there."""
        self._complaints = LogOnce()
        self._socket = open_router(context)
        self._door = Authenticator(context, keys) if place.is_open(endpoint) else None
        guard = (lambda _: None) if self._door is None else self._door.guard
        guard(self._socket)
        try:
            self._socket.bind(endpoint)
            self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
            self._pulse = heartbeat.BrokerHeartbeat(context, heartbeat.endpoint_beside(endpoint), self._session, guard)
        except zmq.ZMQError as error:
            self._socket.close()
            if self._door is not None:
                self._door.close()
            raise InputError(
                f"{endpoint}: cannot listen there or one port above ({error}); expected a free address of this machine, "
                "such as tcp://0.0.0.0:5555"
            ) from error
        self.waited_s = 0.0
        self.returns = 0
        """How often a host came back in the middle of the run."""

    @property
    def hosts(self) -> list[str]:
        """Everybody who has been let in."""
        return self._attendance.hosts

    def wait_ready(self, timeout_s: float) -> list[HostClaim]:
        """Wait until nobody is missing; return what each host claims, by name. Who comes later is refused.

        Raises:
            NodeError: Somebody did not come in time; the message names whom.
        """
        deadline = time.monotonic() + timeout_s
        while missing := self._attendance.missing:
            for absent in self._attendance.away.values():
                if absent.final:
                    raise NodeLostError(absent.host, f"{absent.reason}; expected it to join the run")
            if time.monotonic() > deadline:
                raise NodeError(f"{', '.join(missing)}: not there after {timeout_s:g} s; expected to join the run")
            self._pump(POLL_S)
        self._attendance.has_begun = True
        return self._attendance.claims

    def is_here(self, host: str) -> bool:
        """Whether a host has been let in and is not away."""
        return self._attendance.is_here(host)

    def post(self, host: str, message: Message) -> int:
        """Send a request to `host`, at once or when it is back, and go on; return its ticket for `result`."""
        if host not in self._hosts:
            raise NodeError(f"{host}: has not come; sending it {message.kind!r}")
        requests = self._hosts[host]
        ticket = requests.post(message)
        if self.is_here(host):
            self._send(host, requests.newest)
        return ticket

    def skip(self, host: str) -> int:
        """Return the ticket that `post` would, for a request that need not be sent."""
        return self._hosts[host].skip()

    def next_ticket(self, host: str) -> int:
        """Return the ticket that the next request to `host` will have."""
        return self._hosts[host].next_ticket

    def tell(self, host: str, message: Message) -> None:
        """Send what `host` is to know before it is asked anything; its memory is shown the reply."""
        self._hosts[host].tell(message)
        if self.is_here(host):
            self._send(host, self._hosts[host].newest)

    def result(self, host: str, ticket: int, what: str, timeout_s: float) -> Message:
        """Return the reply to a request, waiting for it if need be.

        Raises:
            NodeLostError: The host is gone and did not come back in time; the message names it and `what`.
            NodeError: It did not answer within `timeout_s`.
        """
        requests = self._hosts[host]
        began = asked = last_sent = time.monotonic()
        epoch = requests.epoch
        while (reply := requests.take(ticket)) is None:
            now = time.monotonic()
            if requests.epoch != epoch:
                epoch, asked, last_sent = requests.epoch, now, now
            if (absent := self._attendance.away.get(host)) is not None:
                raise_if_lost(absent, self._patience_s, what)
            elif now - asked > timeout_s:
                raise NodeError(f"{host}: no answer for {timeout_s:.0f} s; waited for {what}")
            elif now - last_sent > RESEND_S:
                last_sent = now
                self._send_again(host)
            self._pump(POLL_S)
        self.waited_s += time.monotonic() - began
        return reply

    def wait(self, seconds: float) -> None:
        """Let this much wall time pass, taking in what comes."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._pump(min(left, POLL_S))

    def close(self, linger_ms: int = 0) -> None:
        """Close both sockets; what is still queued has `linger_ms` to leave."""
        self._pulse.close()
        self._socket.close(linger_ms)
        if self._door is not None:
            self._door.close()

    def _look_around(self) -> None:
        """Note who has gone since the last look."""
        limit_s = heartbeat.MISSED * heartbeat.INTERVAL_S
        silent = [host for host in self._hosts if self.is_here(host) and self._pulse.silence_s(host) > limit_s]
        for absent in self._watch(silent):
            self._attendance.leave(absent)
            if not self._attendance.has_begun:
                self._hosts.pop(absent.host, None)
            if not absent.final:
                _LOG.warning("%s: %s; waiting for it to come back", absent.host, absent.reason)

    def _pump(self, timeout_s: float) -> None:
        """Take in everything that is there, waiting up to `timeout_s` for the first."""
        if timeout_s:
            self._look_around()
        wait_ms = math.ceil(timeout_s * 1000)
        while self._socket.poll(wait_ms):
            frames = self._socket.recv_multipart()
            self._take_in(frames[0], frames[1:])
            wait_ms = 0

    def _take_in(self, identity: bytes, frames: list[bytes]) -> None:
        try:
            message = unpack(frames)
            if message.kind == "hello":
                self._admit(identity, HostClaim.of(message))
            else:
                host = self._sender(identity, message)
                if self._hosts[host].accept(message) == REPLAYED and self._memory is not None:
                    self._memory.replayed(host, message)
        except WireVersionError as error:
            self._drop(identity, error)
            if frames[0] == b"hello":
                self._refuse(identity, str(error))
        except WireError as error:
            self._drop(identity, error)

    def _sender(self, identity: bytes, message: Message) -> str:
        host = self._attendance.host_at(identity)
        if host is None:
            raise WireError("it has not been let in")
        if message.envelope.session != self._session:
            raise WireError("of another session")
        return host

    def _admit(self, identity: bytes, claim: HostClaim) -> None:
        host = claim.host
        if self._attendance.host_at(identity) == host:
            self._welcome(host)  # a hello that was sent again has its welcome again
            return
        if self._may_be_back(identity, claim):
            return
        if (objection := self._attendance.objection(identity, claim)) is not None:
            self._complaints.once(identity, f"refused {host[:64]}: {objection}")
            self._refuse(identity, objection)
            return
        self._attendance.enter(identity, claim)
        self._pulse.watch(host)
        requests = self._hosts.setdefault(host, Requests(self._session))
        self.returns += self._attendance.has_begun
        replayed = self._memory.replay(host, requests.owed) if self._memory is not None and requests.epoch else ()
        messages = requests.restart(replayed)
        self._welcome(host)
        for message in messages:
            self._send(host, message)

    def _welcome(self, host: str) -> None:
        header = {"pulse": self._pulse.endpoint}
        self._send(host, Message("welcome", header, envelope=Envelope(self._session, self._hosts[host].epoch)))

    def _may_be_back(self, identity: bytes, claim: HostClaim) -> bool:
        """Return whether to let a host knock on: its crash may not have shown yet, and it says hello again soon."""
        host = claim.host
        attendance = self._attendance
        if (
            not attendance.has_begun
            or self._memory is None
            or not (attendance.is_here(host) and attendance.is_known(claim))
        ):
            return False
        since = self._knocking.setdefault(identity, time.monotonic())
        if self._pulse.silence_s(host) <= BEATS_MISSED * heartbeat.INTERVAL_S:
            return time.monotonic() - since <= (BEATS_MISSED + 1) * heartbeat.INTERVAL_S
        attendance.leave(Absence(host, "another process came in its place"))
        return False

    def _refuse(self, identity: bytes, reason: str) -> None:
        try:
            self._socket.send_multipart([identity, *pack(Message("refused", {"reason": reason[:2000]}))], zmq.NOBLOCK)
        except zmq.ZMQError:
            return  # it has gone already, or does not listen

    def _drop(self, identity: bytes, error: WireError) -> None:
        host = self._attendance.host_at(identity)
        self._complaints.once(identity, f"dropped what {host or f'peer {identity[:32].hex()}'} sent: {error}")

    def _send_again(self, host: str) -> None:
        for message in self._hosts[host].outstanding:
            self._send(host, message)

    def _send(self, host: str, message: Message) -> None:
        try:
            self._socket.send_multipart([self._attendance.identity(host), *pack(message)])
        except zmq.ZMQError as error:
            # It has just gone, or takes nothing in: its silence will show that, and all it owes is sent again when it is back.
            if self._memory is None:
                raise NodeError(f"{host}: cannot be reached ({error}); sending it {message.kind!r}") from error
