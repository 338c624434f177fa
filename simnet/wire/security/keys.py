"""CURVE keys in a folder: `NAME.key` is public, `NAME.key_secret` (mode 600) is its owner's alone.

broker's machine   broker.key_secret, and NAME.key of every host that it lets in
a host's machine   broker.key, and its own NAME.key_secret
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zmq
import zmq.auth

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BROKER = "broker"
PUBLIC, SECRET = ".key", ".key_secret"
DOMAIN = "simnet"
"""The authentication domain of both of a broker's sockets."""

_NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,63}")


@dataclass(frozen=True, slots=True)
class BrokerKeys:
    """The broker's pair, and the public keys of those whom it lets in with their names."""

    public: bytes
    secret: bytes
    hosts: dict[bytes, str]

    @classmethod
    def load(cls, folder: Path) -> BrokerKeys:
        """Return the keys that a broker needs.

        Raises:
            InputError: One is missing or is none.
        """
        public, secret = _load_secret(folder / (BROKER + SECRET))
        files = sorted(file for file in folder.glob("*" + PUBLIC) if file.stem != BROKER)
        if not files:
            raise InputError(f"{folder}: no host's public key; expected NAME.key of every host that may join")
        return cls(public, secret, {_load(file)[0]: file.stem for file in files})

    def protect(self, socket: zmq.Socket) -> None:
        """Make a socket, not yet bound, one that lets in by its domain's authenticator only."""
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = self.public, self.secret
        # Without an authenticator nobody is let in, where everybody would be.
        socket.setsockopt_string(zmq.ZAP_DOMAIN, DOMAIN)
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)


@dataclass(frozen=True, slots=True)
class HostKeys:
    """A host's pair, called `name`, and its broker's public key."""

    name: str
    public: bytes
    secret: bytes
    broker: bytes

    @classmethod
    def load(cls, folder: Path, name: str | None, wanted: Sequence[str] = ()) -> HostKeys:
        """Return the keys that a host needs.

        Args:
            folder: Where they are.
            name: Whose pair; if None, that of the first of `wanted` that is there, or the only one there.
            wanted: The names that the host would go by.

        Raises:
            InputError: One is missing or is none, or it is not clear which.
        """
        broker, _ = _load(folder / (BROKER + PUBLIC))
        found = sorted(file.stem for file in folder.glob("*" + SECRET) if file.stem != BROKER)
        if name is None:
            name = next((each for each in wanted if each in found), found[0] if len(found) == 1 else None)
        if name is None:
            raise InputError(
                f"{folder}: {', '.join(found) or 'no key of a host'} in it; expected --key NAME, one of them"
            )
        return cls(name, *_load_secret(folder / (name + SECRET)), broker)

    def protect(self, socket: zmq.Socket) -> None:
        """Make a socket, not yet connected, one that talks to this broker alone, as this host."""
        socket.curve_publickey, socket.curve_secretkey = self.public, self.secret
        socket.curve_serverkey = self.broker


def make(folder: Path, hosts: Sequence[str]) -> dict[str, bool]:
    """Make a pair for the broker and each of `hosts` where there is none yet; return whether each was made now.

    Raises:
        InputError: A name is none, a pair is half there, or the folder cannot be written.
    """
    for name in hosts:
        if not _NAME.fullmatch(name) or name == BROKER:
            raise InputError(
                f"{name!r} is no name of a host's key; expected letters, digits, '.', '_', '-', not {BROKER!r}"
            )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return {name: _make_pair(folder, name) for name in (BROKER, *dict.fromkeys(hosts))}
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); expected a folder for keys") from error


def _make_pair(folder: Path, name: str) -> bool:
    public, secret = folder / (name + PUBLIC), folder / (name + SECRET)
    if public.exists() and secret.exists():
        return False
    if public.exists() or secret.exists():
        raise InputError(f"{folder}: half of the pair {name!r} is missing; expected both files, or neither")
    before = os.umask(0o077)
    try:
        zmq.auth.create_certificates(folder, name)
    finally:
        os.umask(before)
    public.chmod(0o644)
    return True


def _load_secret(file: Path) -> tuple[bytes, bytes]:
    public, secret = _load(file)
    if secret is None:
        raise InputError(f"{file}: holds no secret key; expected one made by `simnet keys`")
    return public, secret


def _load(file: Path) -> tuple[bytes, bytes | None]:
    try:
        public, secret = zmq.auth.load_certificate(file)
    except (OSError, ValueError):
        raise InputError(f"{file}: no readable key; expected one made by `simnet keys`") from None
    if any(key is not None and len(key) != 40 for key in (public, secret)):
        raise InputError(f"{file}: a key of a wrong length; expected one made by `simnet keys`")
    return public, secret
