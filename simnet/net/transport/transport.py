"""Transports: how a stream gets its frames through a lossy path.

    none            sends the packets of a frame once
    retransmission  sends what is not acknowledged again until the deadline (`arq`)
    fec             adds repair packets; as many packets of a frame may be lost as there are repair packets (`fec`)

The last two send packet by packet, so that each packet is lost or delivered on its own; acknowledgements travel over the links
back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simnet.net.transport import fec
from simnet.net.transport.arq import HEADER_BYTES, Retransmission, Timeouts
from simnet.net.transport.frame_progress import FrameProgress

if TYPE_CHECKING:
    from simnet.net.content import Content, ContentKind
    from simnet.net.transfer import Transfer
    from simnet.net.transport.path import OnClose, OnDelivery, Path
    from simnet.records import StreamConfig, TransportConfig


class Transport(Protocol):
    """Sends the frames of one stream."""

    def send(self, frame: bytes, until_ns: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        """Send a frame now; nothing is retransmitted from `until_ns` on.

        `on_delivery` is called once, from a later event: with the bytes of the frame as soon as the receiver has them, or with
        none when nothing more will arrive. `on_close` is called once after it, when the counts are final: with them if they
        have changed since. A transport of kind `none` does not call it: see `settles_at_delivery`.
        """
        ...


def open_transport(config: TransportConfig, path: Path) -> Transport:
    """Return a transport as `config` describes it, between the ends of `path`."""
    if config.kind == "fec":
        return _ErasureCoded(path, config.repair)
    if config.kind == "retransmission":
        return _Retransmitting(path, config)
    return _Unprotected(path)


def settles_at_delivery(stream: StreamConfig) -> bool:
    """Whether the counts of a stream's frames are final with their delivery: its transport calls no `on_close`."""
    return stream.transport.kind == "none" and stream.rate.congestion is None and stream.slices == 1


def header_bytes(config: TransportConfig) -> int:
    """Return the size of the header that a transport adds to each packet of a frame."""
    return {"fec": fec.HEADER.size, "retransmission": HEADER_BYTES}.get(config.kind, 0)


@dataclass(frozen=True, slots=True)
class _Unprotected:
    path: Path

    def send(self, frame: bytes, until_ns: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        del on_close
        path = self.path
        content = path.content("media", until_ns, frame) if path.network.is_observed else None
        path.send_forward(
            len(frame), lambda transfer: on_delivery(transfer, frame if transfer.complete else b""), content
        )


@dataclass(frozen=True, slots=True)
class _ErasureCoded:
    path: Path
    repair: float

    def send(self, frame: bytes, until_ns: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        packets = fec.encode(frame, self.path.payload_capacity(fec.HEADER.size), self.repair)
        overhead_bytes = self.path.packet_sizes()[1]
        progress = FrameProgress(self.path, len(frame), on_delivery, on_close)
        arrived: list[bytes] = []
        for packet in packets:
            progress.on_sent(len(packet) + overhead_bytes)

        def on_end(packet: bytes, transfer: Transfer) -> None:
            progress.on_end(transfer)
            if transfer.complete and not progress.delivered:
                arrived.append(packet)
                # Fewer packets are never enough: the count covers the data packets of all blocks.
                if len(arrived) >= fec.data_packets(packets[0]) and (restored := fec.decode(arrived)) is not None:
                    progress.deliver(restored)
            if not progress.in_flight:
                progress.close()

        for packet, content in zip(packets, self._contents(packets, until_ns), strict=True):
            self.path.send_forward(len(packet), lambda transfer, packet=packet: on_end(packet, transfer), content)

    def _contents(self, packets: list[bytes], until_ns: int) -> list[Content | None]:
        if not self.path.network.is_observed:
            return [None] * len(packets)
        kinds: list[ContentKind] = ["repair" if fec.is_repair(packet) else "media" for packet in packets]
        last = {kind: index for index, kind in enumerate(kinds)}
        return [
            self.path.content(kind, until_ns, packet, is_last=index == last[kind])
            for index, (kind, packet) in enumerate(zip(kinds, packets, strict=True))
        ]


class _Retransmitting:
    def __init__(self, path: Path, config: TransportConfig) -> None:
        self._path, self._config = path, config
        self._timeouts = Timeouts(config.timeout_ns)

    def send(self, frame: bytes, until_ns: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        progress = FrameProgress(self._path, len(frame), on_delivery, on_close)
        Retransmission(self._path, self._timeouts, self._config.retries, until_ns, frame, progress).begin()
