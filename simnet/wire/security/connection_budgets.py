"""Budgets of tcp connections: how much a peer may send that nobody has taken, and how many may connect without joining.

ZeroMQ hands a message over once its last part is there, so the parts of a message without end pile up in its own memory, where
neither `MAXMSGSIZE` (of a part) nor `RCVHWM` (of whole messages) sees them. The kernel does: it counts what a connection has
received.

    received (TCP_INFO) - taken (messages that were handed over) > allowed  ──▶ cut the connection off

A connection that is cut off loses what it has not completed, and ZeroMQ frees that. Not thread-safe but for `took`, `allow`.
"""

from __future__ import annotations

import os
import socket
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zmq

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

FRAME_BYTES = 64
"""At least what ZeroMQ and CURVE add to a part of a message."""
UNKNOWN_BYTES = 1024 * 1024
"""What a peer may send before it has joined: a hello, several times."""
UNKNOWN_PEERS = 128
"""Connections that have not joined; the oldest is cut off for a newer one."""

_RECEIVED = struct.Struct("=Q")
_RECEIVED_AT = 128
"""Where `tcpi_bytes_received` is in Linux's `tcp_info`."""


@dataclass(slots=True)
class _Peer:
    """One connection."""

    address: tuple[str, int]
    allowed_bytes: int | None = None
    """None until the peer has joined."""
    taken_bytes: int = 0
    is_cut: bool = False


class ConnectionBudgets:
    """The connections of one socket, by file descriptor, which ZeroMQ names in its events and with its messages."""

    def __init__(self, unknown_bytes: int = UNKNOWN_BYTES) -> None:
        self._unknown_bytes = unknown_bytes
        self._peers: dict[int, _Peer] = {}
        self._absent_bytes = 0

    @property
    def count(self) -> int:
        """Number of connections."""
        return sum(not peer.is_cut for peer in list(self._peers.values()))

    def opened(self, descriptor: int) -> str | None:
        """Note a connection; return its peer's address, None if it has gone already."""
        with _open_socket(descriptor) as connection:
            if connection is not None:
                address = _address(connection)
                known = self._peers.get(descriptor)
                if known is None or known.address != address:
                    self._peers[descriptor] = _Peer(address)
                return address[0]
        return None

    def closed(self, descriptor: int) -> None:
        """Note the end of a connection; a peer that comes back may have as much to send before it can be known."""
        peer = self._peers.pop(descriptor, None)
        if peer is not None and not peer.is_cut:
            self._absent_bytes = max(self._absent_bytes, peer.allowed_bytes or 0)

    def took(self, frames: list[zmq.Frame]) -> int:
        """Note that a message was handed over; return the descriptor of its connection, -1 without one."""
        try:
            descriptor = int(frames[0].get(zmq.SRCFD))
        except zmq.ZMQError:
            return -1  # inproc has no connections
        if descriptor not in self._peers:
            self.opened(descriptor)  # the event has not been read yet
        if (peer := self._peers.get(descriptor)) is None:
            return -1
        peer.taken_bytes += sum(len(frame) + FRAME_BYTES for frame in frames)
        return descriptor

    def allow(self, descriptor: int, allowed_bytes: int) -> None:
        """Let a peer that has joined send this much before it is taken."""
        if (peer := self._peers.get(descriptor)) is not None:
            peer.allowed_bytes = allowed_bytes

    def enforce(self) -> Iterator[tuple[int, str, str]]:
        """Cut off connections beyond their budget; yield the descriptor, the address and the reason of each."""
        for descriptor, peer in list(self._peers.items()):
            if peer.is_cut:
                continue
            allowed_bytes = (
                max(self._unknown_bytes, self._absent_bytes) if peer.allowed_bytes is None else peer.allowed_bytes
            )
            waiting_bytes = self._waiting_bytes(descriptor, peer)
            if waiting_bytes > allowed_bytes:
                self._cut(descriptor, peer)
                yield (
                    descriptor,
                    peer.address[0],
                    (f"sent {waiting_bytes} bytes that are no whole message; expected at most {allowed_bytes}"),
                )
        unknown = [each for each, peer in self._peers.items() if peer.allowed_bytes is None and not peer.is_cut]
        for descriptor in unknown[: max(0, len(unknown) - UNKNOWN_PEERS)]:
            peer = self._peers[descriptor]
            self._cut(descriptor, peer)
            yield (
                descriptor,
                peer.address[0],
                f"one of {len(unknown)} connections that have not joined; expected at most {UNKNOWN_PEERS}",
            )

    @staticmethod
    def _waiting_bytes(descriptor: int, peer: _Peer) -> int:
        end = _RECEIVED_AT + _RECEIVED.size
        with _open_socket(descriptor) as connection:
            if connection is not None and _address(connection) == peer.address:
                information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, end)
                if len(information) == end:  # kernels before Linux 4.1 do not count
                    received_bytes = _RECEIVED.unpack_from(information, _RECEIVED_AT)[0]
                    # The overhead that is taken with a message is an upper bound; nobody saves up what is beyond it.
                    peer.taken_bytes = min(peer.taken_bytes, received_bytes)
                    return received_bytes - peer.taken_bytes
        return 0  # it is gone: ZeroMQ has still to tell

    @staticmethod
    def _cut(descriptor: int, peer: _Peer) -> None:
        peer.is_cut = True
        with _open_socket(descriptor) as connection:
            if connection is not None and _address(connection) == peer.address:
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def _open_socket(descriptor: int) -> Generator[socket.socket | None]:
    """Yield a connection of ZeroMQ's, None if it is gone; the descriptor may belong to another file by now."""
    try:
        copy = os.dup(descriptor)
    except OSError:
        yield None
        return
    try:
        connection = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        yield None
        return
    with connection, suppress(OSError):
        yield connection


def _address(connection: socket.socket) -> tuple[str, int]:
    if connection.family not in {socket.AF_INET, socket.AF_INET6}:
        return "this machine", 0
    host, port = connection.getpeername()[:2]
    return str(host), int(port)
