"""Where a broker is reached, as people type it: tcp between machines, ipc on one."""

from __future__ import annotations

import re

from simnet.errors import InputError

_TCP = re.compile(r"tcp://(?P<address>[\w.-]+|\[[\da-fA-F:.%\w]+\]|\*):(?P<port>\d{1,5}|\*)")


def check(endpoint: str, *, listens: bool) -> str:
    """Return `endpoint` if it is one; a `*` for the address (all) or the port (any that is free) is for the broker alone.

    Raises:
        InputError: It is none.
    """
    found = _TCP.fullmatch(endpoint)
    if endpoint.startswith("ipc://") and len(endpoint) > len("ipc://"):
        return endpoint
    if found is None or (not listens and "*" in endpoint) or not _port_is_right(found["port"]):
        example = "tcp://0.0.0.0:5555" if listens else "tcp://broker.example:5555"
        raise InputError(f"{endpoint!r} is no place for a broker; expected tcp://ADDRESS:PORT, such as {example}")
    return endpoint


def is_open(endpoint: str) -> bool:
    """Return whether others than this machine's own users may reach it."""
    return endpoint.startswith("tcp://")


def _port_is_right(port: str) -> bool:
    # The heartbeat has the next port.
    return port == "*" or 0 < int(port) < 65535
