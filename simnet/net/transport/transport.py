"""Transports: what a stream does above its path so that frames get through it.

    none            a frame's packets are sent once
    retransmission  what is not acknowledged is sent again until the deadline (`arq`)
    fec             repair packets are sent along; any of a frame's packets may be missing, up to their number (`fec`)

Packets of the last two are sent one by one, so that each has its own fate; acknowledgements travel over the links back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simnet.errors import InputError
from simnet.net.transport import fec
from simnet.net.transport.arq import HEADER_BYTES, Retransmission, Timeouts
from simnet.net.transport.frame_progress import FrameProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    import simpy

    from simnet.net.network import Network
    from simnet.net.packet_observer import Content, ContentKind
    from simnet.net.transport.transfer import Transfer
    from simnet.records import TransportConfig

    Delivered = Callable[[Transfer, bytes], None]
    Closed = Callable[[Transfer], None]


@dataclass(frozen=True, slots=True)
class Path:
    """Two ends in a network, seen from the sender."""

    env: simpy.Environment
    network: Network
    source: str
    target: str
    priority: int = 0
    """Of what goes there and of what comes back for it."""
    flow: str = ""
    """The stream's name, for whoever watches packets."""

    def send_forward(self, size_bytes: int, on_end: Callable[[Transfer], None], content: Content | None = None) -> None:
        """Send to the receiver."""
        self.network.send(self.source, self.target, size_bytes, on_end, priority=self.priority, content=content)

    def send_reverse(self, size_bytes: int, on_end: Callable[[Transfer], None], content: Content | None = None) -> None:
        """Send to the sender."""
        self.network.send(self.target, self.source, size_bytes, on_end, priority=self.priority, content=content)

    def content(self, kind: ContentKind, until_ns: int, data: bytes, *, is_last: bool = True) -> Content | None:
        """Return what a send carries, if anybody watches."""
        return self.network.content(self.flow, kind, until_ns, data, is_last=is_last)

    def packet_sizes(self) -> tuple[int, int]:
        """Return what a packet carries at most, and its overhead on the first link, in bytes."""
        return self.network.packet_sizes(self.source, self.target)

    def payload_capacity(self, header_bytes: int) -> int:
        """Return what a packet carries at most beside a header of the transport's.

        Raises:
            InputError: Nothing.
        """
        payload_bytes, _ = self.packet_sizes()
        if payload_bytes <= header_bytes:
            ends = f"from {self.source!r} to {self.target!r}"
            raise InputError(
                f"packets {ends} carry {payload_bytes} bytes; expected more than the transport's header, {header_bytes} bytes"
            )
        return payload_bytes - header_bytes


class Transport(Protocol):
    """One stream's way of sending."""

    def send(self, frame: bytes, until_ns: int, on_delivery: Delivered, on_close: Closed) -> None:
        """Send a frame now; nothing is sent again from `until_ns` on.

        `on_delivery` is called once, from a later event: with the frame's bytes as soon as the receiver has them, or with none
        when nothing more will arrive. `on_close` is called after it, once the counts are final, where they have changed since.
        """
        ...


def open_transport(config: TransportConfig, path: Path) -> Transport:
    """Return the transport that `config` describes between the ends of `path`."""
    if config.kind == "fec":
        return _Fec(path, config.repair)
    if config.kind == "retransmission":
        return _Retransmitting(path, config)
    return _Plain(path)


def header_bytes(config: TransportConfig) -> int:
    """Return what a transport adds to each packet of a frame."""
    return {"fec": fec.HEADER.size, "retransmission": HEADER_BYTES}.get(config.kind, 0)


@dataclass(frozen=True, slots=True)
class _Plain:
    path: Path

    def send(self, frame: bytes, until_ns: int, on_delivery: Delivered, on_close: Closed) -> None:
        del on_close
        content = self.path.content("media", until_ns, frame)
        self.path.send_forward(
            len(frame), lambda transfer: on_delivery(transfer, frame if transfer.complete else b""), content
        )


@dataclass(frozen=True, slots=True)
class _Fec:
    path: Path
    repair: float

    def send(self, frame: bytes, until_ns: int, on_delivery: Delivered, on_close: Closed) -> None:
        packets = fec.encode(frame, self.path.payload_capacity(fec.HEADER.size), self.repair)
        overhead_bytes = self.path.packet_sizes()[1]
        progress = FrameProgress(self.path, len(frame), on_delivery, on_close)
        arrived: list[bytes] = []
        for packet in packets:
            progress.sent(len(packet) + overhead_bytes)

        def ended(packet: bytes, transfer: Transfer) -> None:
            progress.ended(transfer)
            if transfer.complete and not progress.delivered:
                arrived.append(packet)
                # Fewer cannot be enough: the frame's packets of data are counted over all blocks.
                if len(arrived) >= fec.needed(packets[0]) and (restored := fec.decode(arrived)) is not None:
                    progress.deliver(restored)
            if not progress.in_flight:
                progress.close()

        for packet, content in zip(packets, self._contents(packets, until_ns), strict=True):
            self.path.send_forward(len(packet), lambda transfer, packet=packet: ended(packet, transfer), content)

    def _contents(self, packets: list[bytes], until_ns: int) -> list[Content | None]:
        if not self.path.network.is_observed:
            return [None] * len(packets)
        kinds: list[ContentKind] = ["repair" if fec.is_repair(packet) else "media" for packet in packets]
        last = {kind: place for place, kind in enumerate(kinds)}
        return [
            self.path.content(kind, until_ns, packet, is_last=place == last[kind])
            for place, (kind, packet) in enumerate(zip(kinds, packets, strict=True))
        ]


class _Retransmitting:
    def __init__(self, path: Path, config: TransportConfig) -> None:
        self._path, self._config = path, config
        self._timeouts = Timeouts(config.timeout_ns)

    def send(self, frame: bytes, until_ns: int, on_delivery: Delivered, on_close: Closed) -> None:
        progress = FrameProgress(self._path, len(frame), on_delivery, on_close)
        Retransmission(self._path, self._timeouts, self._config.retries, until_ns, frame, progress).begin()
