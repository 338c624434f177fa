"""CURVE keys in a folder: `NAME.key` is public, `NAME.key_secret` (mode 600) stays with its owner.

machine of the broker   broker.key_secret, and NAME.key of every host that may join
machine of a host       broker.key, and its own NAME.key_secret

A key is for the node of its name, or for fusion if it is called so; `NAME.key` may list others (`nodes = "a b"`, `*` for all).
The broker's copy of it counts.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import zmq
import zmq.auth

from simnet.errors import InputError, OutputError
from simnet.output_files import make_folder, write_whole, writing

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
_PATTERN = re.compile(r"[\w.*-]{1,64}")
_FOR = re.compile(r'^\s+nodes\s*=\s*"([^"\n]*)"', re.MULTILINE)
FUSION = "fusion"
"""Name that a key for fusion has among its nodes."""


@dataclass(frozen=True, slots=True)
class BrokerKeys:
    """Key pair of the broker, the names of hosts by their public keys, and what each key is for."""

    public: bytes
    secret: bytes
    hosts: dict[bytes, str]
    nodes: dict[str, tuple[str, ...]]
    """By name of a host's key: patterns of nodes, and `fusion`."""

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
        hosts: dict[bytes, str] = {}
        for file in files:
            if (twin := hosts.setdefault(_load(file)[0], file.stem)) != file.stem:
                raise InputError(f"{file}: the same key as {twin}{PUBLIC}; expected a key of its own for each host")
        return cls(public, secret, hosts, {file.stem: _nodes(file) for file in files})

    def objection(self, key: str | None, nodes: Sequence[str]) -> str | None:
        """Return the objection to a host with this key that claims these nodes (and `fusion`), or None."""
        if key is None:
            return "has no key of the broker's folder; expected one"
        for node in nodes:
            if not any(fnmatchcase(node, pattern) for pattern in self.nodes[key]):
                return f"its key {key!r} is for {', '.join(self.nodes[key])}; expected a key that is for {node[:64]}"
        return None

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

    A host is `NAME`, whose key is for the node of that name, or `NAME=NODE,...`.

    Raises:
        InputError: A name is invalid, half of a pair is missing, or a key that exists is for other nodes.
        OutputError: The folder cannot be written.
    """
    asked = _asked(hosts)
    make_folder(folder, 0o700)
    with writing(folder):
        return {name: _make_pair(folder, name, nodes) for name, nodes in {BROKER: (), **asked}.items()}


def make_apart(folder: Path, hosts: Sequence[str]) -> dict[str, bool]:
    """Create missing key pairs as `make`, in a folder for each machine, `broker` or `NAME`, with what it needs and nothing else.

    Raises:
        InputError, OutputError: See `make`.
    """
    asked = {BROKER: (), **_asked(hosts)}
    made: dict[str, bool] = {}
    for name, nodes in asked.items():
        make_folder(folder / name, 0o700)
        with writing(folder / name):
            made[name] = _make_pair(folder / name, name, nodes)
        for ours, theirs in ((BROKER, name), (name, BROKER)):
            public = ours + PUBLIC
            if ours != theirs:
                write_whole(folder / theirs / public, (folder / ours / public).read_bytes())
    return made


def _asked(hosts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the hosts' names and what their keys are for, empty where that is not said."""
    asked: dict[str, tuple[str, ...]] = {}
    for host in hosts:
        name, equals, listed = host.partition("=")
        nodes = tuple(listed.split(",")) if equals else ()
        if not _NAME.fullmatch(name) or name == BROKER:
            raise InputError(
                f"{name!r} is not a valid name of a key; expected letters, digits, '.', '_', '-', not {BROKER!r}"
            )
        if not all(_PATTERN.fullmatch(node) for node in nodes):
            raise InputError(f"{host!r}: expected NAME or NAME=NODE,..., nodes of a scenario, {FUSION}, or * for all")
        asked[name] = nodes
    return asked


def _make_pair(folder: Path, name: str, nodes: tuple[str, ...]) -> bool:
    public, secret = folder / (name + PUBLIC), folder / (name + SECRET)
    if public.exists() and secret.exists():
        if nodes and _nodes(public) != nodes:
            raise InputError(
                f"{public}: is for {', '.join(_nodes(public))}; expected {', '.join(nodes)}, or remove both files of the pair"
            )
        return False
    if public.exists() or secret.exists():
        raise InputError(f"{folder}: half of the pair {name!r} is missing; expected both files, or neither")
    before = os.umask(0o077)
    try:
        _CURVE.create_certificates(folder, name)
        if nodes:
            text = public.read_text(encoding="utf-8")
            write_whole(public, text.replace("metadata\n", f'metadata\n    nodes = "{" ".join(nodes)}"\n', 1).encode())
    except (OSError, OutputError):
        public.unlink(missing_ok=True)
        secret.unlink(missing_ok=True)
        raise
    finally:
        os.umask(before)
    public.chmod(0o644)
    return True


def _nodes(file: Path) -> tuple[str, ...]:
    """Return what a host's public key is for."""
    found = _FOR.search(file.read_text(encoding="utf-8", errors="replace"))
    return tuple(found[1].split()) if found else (file.stem,)


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
