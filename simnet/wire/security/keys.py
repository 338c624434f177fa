"""CURVE keys in a folder: `NAME.key` is public, `NAME.key_secret` (mode 600) stays with its owner.

machine of the broker   broker.key_secret, and NAME.key of every host that may join
machine of a host       broker.key, and its own NAME.key_secret
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import zmq
import zmq.auth

from simnet.errors import InputError
from simnet.output_files import make_folder, writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BROKER = "broker"
PUBLIC, SECRET = ".key", ".key_secret"
DOMAIN = "simnet"
"""Authentication domain of both sockets of a broker."""

_CURVE: Any = zmq.auth
"""Its types are incomplete."""
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,63}")


@dataclass(frozen=True, slots=True)
class BrokerKeys:
    """Key pair of the broker, and the names of hosts by their public keys."""

    public: bytes
    secret: bytes
    hosts: dict[bytes, str]

    @classmethod
    def load(cls, folder: Path) -> BrokerKeys:
        """Return the keys of a broker.

        Raises:
            InputError: A key is missing or unreadable.
        """
        public, secret = _load_secret(folder / (BROKER + SECRET))
        files = sorted(file for file in folder.glob("*" + PUBLIC) if file.stem != BROKER)
        if not files:
            raise InputError(f"{folder}: no host's public key; expected NAME.key of every host that may join")
        return cls(public, secret, {_load(file)[0]: file.stem for file in files})

    def protect(self, socket: zmq.Socket[bytes]) -> None:
        """Let a socket that is not bound yet accept authenticated hosts only."""
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = self.public, self.secret
        # Without an authenticator, ZeroMQ then accepts no host instead of every host.
        socket.setsockopt_string(zmq.ZAP_DOMAIN, DOMAIN)
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)


@dataclass(frozen=True, slots=True)
class HostKeys:
    """Key pair of a host, called `name`, and the public key of its broker."""

    name: str
    public: bytes
    secret: bytes
    broker: bytes

    @classmethod
    def load(cls, folder: Path, name: str | None, wanted: Sequence[str] = ()) -> HostKeys:
        """Return the keys of a host.

        Args:
            folder: Folder of the keys.
            name: Name of the pair; if None, the first of `wanted` in the folder, or the only one there.
            wanted: Names that fit the host.

        Raises:
            InputError: A key is missing or unreadable, or the choice is not clear.
        """
        broker, _ = _load(folder / (BROKER + PUBLIC))
        found = sorted(file.stem for file in folder.glob("*" + SECRET) if file.stem != BROKER)
        if name is None:
            name = next((each for each in wanted if each in found), found[0] if len(found) == 1 else None)
        if name is None:
            raise InputError(
                f"{folder}: contains {', '.join(found) or 'no key of a host'}; expected --key NAME, one of them"
            )
        return cls(name, *_load_secret(folder / (name + SECRET)), broker)

    def protect(self, socket: zmq.Socket[bytes]) -> None:
        """Let a socket that is not connected yet talk to this broker only, as this host."""
        socket.curve_publickey, socket.curve_secretkey = self.public, self.secret
        socket.curve_serverkey = self.broker


def make(folder: Path, hosts: Sequence[str]) -> dict[str, bool]:
    """Create missing key pairs for the broker and each of `hosts`; return for each whether it is new.

    Raises:
        InputError: A name is invalid, or half of a pair is missing.
        OutputError: The folder cannot be written.
    """
    for name in hosts:
        if not _NAME.fullmatch(name) or name == BROKER:
            raise InputError(
                f"{name!r} is not a valid name of a key; expected letters, digits, '.', '_', '-', not {BROKER!r}"
            )
    make_folder(folder, 0o700)
    with writing(folder):
        return {name: _make_pair(folder, name) for name in (BROKER, *dict.fromkeys(hosts))}


def _make_pair(folder: Path, name: str) -> bool:
    public, secret = folder / (name + PUBLIC), folder / (name + SECRET)
    if public.exists() and secret.exists():
        return False
    if public.exists() or secret.exists():
        raise InputError(f"{folder}: half of the pair {name!r} is missing; expected both files, or neither")
    before = os.umask(0o077)
    try:
        _CURVE.create_certificates(folder, name)
    except OSError:
        public.unlink(missing_ok=True)
        secret.unlink(missing_ok=True)
        raise
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
    public: bytes
    secret: bytes | None
    try:
        public, secret = _CURVE.load_certificate(file)
    except (OSError, ValueError):
        raise InputError(f"{file}: not a readable key; expected one made by `simnet keys`") from None
    if any(key is not None and len(key) != 40 for key in (public, secret)):
        raise InputError(f"{file}: a key of a wrong length; expected one made by `simnet keys`")
    return public, secret
