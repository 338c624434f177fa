"""Endpoints of a broker as users type them: tcp between machines, ipc on one machine."""

from __future__ import annotations

import re

from simnet.errors import InputError

_TCP = re.compile(r"tcp://(?P<address>[\w.-]+|\[[\da-fA-F:.%\w]+\]|\*):(?P<port>\d{1,5}|\*)")


def check(endpoint: str, *, listens: bool) -> str:
    """Return `endpoint` if it is valid; only a broker may use `*` for the address (all) or the port (any free one).

    Raises:
        InputError: It is not valid.
    """
    found = _TCP.fullmatch(endpoint)
    if endpoint.startswith("ipc://") and len(endpoint) > len("ipc://"):
        return endpoint
    if found is None or (not listens and "*" in endpoint) or not _is_valid_port(found["port"]):
        example = "tcp://0.0.0.0:5555" if listens else "tcp://broker.example:5555"
        raise InputError(f"{endpoint!r} is no endpoint of a broker; expected tcp://ADDRESS:PORT, such as {example}")
    return endpoint


def is_open(endpoint: str) -> bool:
    """Return whether other machines may reach it."""
    return endpoint.startswith("tcp://")


def _is_valid_port(port: str) -> bool:
    # The heartbeat uses the next port.
    return port == "*" or 0 < int(port) < 65535
