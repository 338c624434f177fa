"""Authentication of hosts on tcp by key; the broker logs each peer that it turns away, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simnet.errors import NodeError
from simnet.wire.log_once import LogOnce
from simnet.wire.security.connection_budgets import ConnectionBudgets
from simnet.wire.security.connection_monitor import ConnectionMonitor
from simnet.wire.security.keys import DOMAIN, FUSION

if TYPE_CHECKING:
    import zmq
    from zmq.auth.thread import ThreadAuthenticator

    from simnet.wire.membership.admission import HostClaim
    from simnet.wire.security.keys import BrokerKeys


class Authenticator:
    """Protects sockets of `context` by `keys`; without keys it only logs peers whose handshake fails.

    A context has at most one, since ZeroMQ authenticates per context.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: BrokerKeys | None) -> None:
        self._keys = keys
        self._authenticator = None if keys is None else _authenticator(context, keys)
        self._monitors: list[ConnectionMonitor] = []

    def protect(self, protected: zmq.Socket[bytes], budgets: ConnectionBudgets) -> None:
        """Protect a socket that is not bound yet; `budgets` bound its connections."""
        if self._keys is not None:
            self._keys.protect(protected)
        self._monitors.append(ConnectionMonitor(protected, "broker authentication", budgets))

    def key_of(self, frame: zmq.Frame) -> str | None:
        """Return the name of the key with which the sender of a frame has authenticated; None without keys."""
        if self._keys is None:
            return None
        user = str(frame.get("User-Id"))  # ZeroMQ's word for the key that it has checked
        return self._keys.hosts.get(user.encode())

    def objection(self, key: str | None, claim: HostClaim) -> str | None:
        """Return the objection to a claim by a host with this key, or None."""
        if self._keys is None:
            return None
        return self._keys.objection(key, [*claim.nodes, *[FUSION] * claim.fusion] or [claim.host])

    def check(self) -> None:
        """Raise what ended one of the threads, if one has failed."""
        for monitor in self._monitors:
            monitor.check()
        if self._authenticator is not None and not self._authenticator.is_alive():
            raise NodeError(
                "broker authentication: ZeroMQ's authenticator has ended; expected it to last as long as the run"
            )

    def cut_off(self) -> list[tuple[int, str]]:
        """Return the connections that were cut off since the last call: descriptor and reason."""
        return [each for monitor in self._monitors for each in monitor.cut_off()]

    def close(self) -> None:
        """Stop, after the protected sockets are closed and before the context is."""
        for monitor in self._monitors:
            monitor.close()
        if self._authenticator is not None:
            self._authenticator.stop()


class _KeyPolicy:
    """Tells ZeroMQ's authenticator which keys are known."""

    def __init__(self, keys: BrokerKeys) -> None:
        self._keys = keys
        self._warnings = LogOnce()

    def callback(self, _domain: str, key: bytes) -> bool:
        is_known = key in self._keys.hosts
        if not is_known:
            text = f"turned away a host with the public key {key.decode('ascii')}: it is not in the broker's folder"
            self._warnings.warn(key, text)
        return is_known


def _authenticator(context: zmq.Context[zmq.Socket[bytes]], keys: BrokerKeys) -> ThreadAuthenticator:
    from zmq.auth.thread import ThreadAuthenticator

    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve_callback(DOMAIN, _KeyPolicy(keys))
    return authenticator
