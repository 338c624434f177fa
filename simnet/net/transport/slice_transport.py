"""Sliced frames: each slice is sent by the stream's transport as if it were a frame, in packets of its own.

    frame ──▶ slice 0 ──▶ none, fec or retransmission ──▶ packets | 0 | ...
              slice 1 ──▶ none, fec or retransmission ──▶ packets | 1 | ...
                                                            receiver: slices that arrived ──▶ frame, whole or not

A packet begins with the number of its slice and its number within the slice, a byte each. A frame is delivered when what becomes
of all its slices is known. A receiver that conceals waits no longer than until a picture would be late.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from simnet import sliced_frames
from simnet.net.timers import call_after
from simnet.net.transfer import Transfer
from simnet.net.transport.path import Path
from simnet.net.transport.transport import open_transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.net.content import Content, ContentKind
    from simnet.net.transport.path import OnClose, OnDelivery
    from simnet.net.transport.transport import Transport
    from simnet.records import StreamConfig

HEADER = struct.Struct(">BB")
"""Slice, and packet within the slice modulo 256; a transport's own header, if it has one, comes next."""


@dataclass(frozen=True, slots=True)
class SlicePath(Path):
    """The path of a slice's packets: each has the header of its slice, in both directions."""

    slice_number: int = 0

    def send_forward(self, size_bytes: int, on_end: Callable[[Transfer], None], content: Content | None = None) -> None:
        """Send to the receiver, in as many packets as the size takes."""
        packets = max(1, -(-size_bytes // self.packet_sizes()[0]))
        size_bytes += packets * HEADER.size
        self.network.send(self.source, self.target, size_bytes, on_end, priority=self.priority, content=content)

    def send_reverse(self, size_bytes: int, on_end: Callable[[Transfer], None], content: Content | None = None) -> None:
        """Send one packet to the sender."""
        size_bytes += HEADER.size
        self.network.send(self.target, self.source, size_bytes, on_end, priority=self.priority, content=content)

    def content(self, kind: ContentKind, until_ns: int, data: bytes, *, is_last: bool = True) -> Content | None:
        """Return the content of a send if the network has an observer; each packet begins with its header."""
        limit = self.packet_sizes()[0]
        parts = [data[begin : begin + limit] for begin in range(0, max(1, len(data)), limit)]
        whole = b"".join(HEADER.pack(self.slice_number, index % 256) + part for index, part in enumerate(parts))
        return self.network.content(self.flow, kind, until_ns, whole, is_last=is_last)

    def packet_sizes(self) -> tuple[int, int]:
        """Return the largest payload of a packet beside the slice's header, and the overhead of both, in bytes."""
        payload_bytes, overhead_bytes = self.network.packet_sizes(self.source, self.target)
        return payload_bytes - HEADER.size, overhead_bytes + HEADER.size


def open_stream_transport(stream: StreamConfig, path: Path) -> Transport:
    """Return the transport of a stream's frames, sliced or not, between the ends of `path`."""
    if stream.slices == 1:
        return open_transport(stream.transport, path)
    paths = [
        SlicePath(path.env, path.network, path.source, path.target, path.priority, path.flow, number)
        for number in range(stream.slices)
    ]
    return SliceTransport(
        path,
        tuple(open_transport(stream.transport, own) for own in paths),
        settles=stream.transport.kind == "none",
        patience_ns=stream.decode_ns if stream.conceals else None,
    )


@dataclass(frozen=True, slots=True)
class SliceTransport:
    """Sends sliced frames (`transport.Transport`), each slice by a transport of its own.

    `patience_ns` before the deadline of a frame the receiver gives up on what is missing; None: it never does.
    """

    path: Path
    slices: tuple[Transport, ...]
    settles: bool
    """Whether the slices' transports call no `on_close`."""
    patience_ns: int | None

    def send(self, frame: bytes, until_ns: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        """See `transport.Transport`. An incomplete frame is delivered with the slices that arrived, or without any."""
        arriving = _ArrivingFrame(self.path, frame, len(self.slices), on_delivery, on_close)
        for number, (transport, data) in enumerate(zip(self.slices, sliced_frames.unpack(frame), strict=True)):
            told, closed = partial(arriving.on_slice, number, self.settles), partial(arriving.on_closed, number)
            transport.send(data, until_ns, told, closed)
        if self.patience_ns is not None:
            now_ns = int(self.path.env.now)
            call_after(self.path.env, max(1, until_ns - self.patience_ns - now_ns), lambda _: arriving.give_up())


class _ArrivingFrame:
    """A frame some of whose slices may still come, be lost, or be sent again."""

    def __init__(self, path: Path, frame: bytes, count: int, on_delivery: OnDelivery, on_close: OnClose) -> None:
        self._path, self._frame = path, frame
        self._on_delivery, self._on_close = on_delivery, on_close
        self._bodies = [b""] * count
        self._transfers: list[Transfer | None] = [None] * count
        self._open = set(range(count))
        """Slices whose counts are not final."""
        self._reported: Transfer | None = None

    def on_slice(self, number: int, is_final: bool, transfer: Transfer, data: bytes) -> None:
        """A slice is there, or will never be."""
        self._transfers[number] = transfer
        if self._reported is None:
            self._bodies[number] = data
        if is_final:
            self._open.discard(number)
        if self._reported is None and all(each is not None for each in self._transfers):
            self._deliver()
        self._close_if_done()

    def on_closed(self, number: int, transfer: Transfer | None) -> None:
        """A slice's counts are final."""
        self._transfers[number] = transfer or self._transfers[number]
        self._open.discard(number)
        self._close_if_done()

    def give_up(self) -> None:
        """What has not come by now counts as missing."""
        if self._reported is None:
            self._deliver()

    def _deliver(self) -> None:
        self._reported = self._counts()
        whole = self._reported.complete
        self._on_delivery(
            self._reported, self._frame if whole else sliced_frames.with_slices(self._frame, self._bodies)
        )

    def _close_if_done(self) -> None:
        if self._open or self._reported is None:
            return
        final = replace(self._counts(), arrived_ns=self._reported.arrived_ns, complete=self._reported.complete)
        self._on_close(None if final == self._reported else final)

    def _counts(self) -> Transfer:
        """Sum up what is known of the slices."""
        known = [each for each in self._transfers if each is not None]
        whole = all(self._bodies)
        sent_ns = min([each.sent_ns for each in known], default=int(self._path.env.now))
        return Transfer(
            source=self._path.source,
            target=self._path.target,
            size_bytes=sliced_frames.sent_bytes(len(self._frame), len(self._bodies)),
            link_bytes=sum(each.link_bytes for each in known),
            packets_sent=sum(each.packets_sent for each in known),
            packets_lost=sum(each.packets_lost for each in known),
            sent_ns=sent_ns,
            arrived_ns=int(self._path.env.now) if whole else None,
            queue_ns=max([each.queue_ns for each in known], default=0),
            complete=whole,
            retransmissions=sum(each.retransmissions for each in known),
        )
