"""The result row of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simnet.records.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Row:
    """The record of one frame. Times are virtual; None if the event did not occur."""

    run: str
    """Name of the scenario."""
    stream: str
    """Stream name, `node/camera`."""
    codec: str
    """Codec name, as in the scenario."""
    sequence: int
    """Frame number within the stream, from 0."""
    capture_ns: int
    """Capture time."""
    encode_ns: int
    """End of encoding."""
    arrive_ns: int | None
    """Arrival time of the last packet; None if any packet is missing."""
    decode_ns: int | None
    """Time at which the picture was ready."""
    size_bytes: int
    """Size of the bitstream, including its 8-byte header."""
    link_bytes: int
    """Bytes offered to the first link: the bitstream and every packet's overhead."""
    bpp: float
    """Bits per pixel: 8 * link_bytes / pixels."""
    quality: float
    """Quality requested of the encoder, 0 to 1."""
    packets_sent: int
    """Packets sent, including repair packets and retransmissions."""
    packets_lost: int
    """Packets lost on the air or dropped by a queue, on any link of the route."""
    retransmissions: int
    """Packets retransmitted."""
    outcome: Outcome
    """Outcome of the frame."""
    side_sources: tuple[str, ...]
    """Names of the side pictures used for decoding."""
    side_age_ns: int | None
    """Age of the side picture: |its capture time - this frame's capture time|; the largest if several are used."""
    psnr_db: float | None
    """PSNR of the decoded picture against the original."""
    ms_ssim: float | None
    """MS-SSIM of the decoded picture against the original."""
    alone_psnr_db: float | None
    """PSNR of the same bitstream decoded without side information."""
    alone_ms_ssim: float | None
    """MS-SSIM of the same bitstream decoded without side information."""
    queue_ns: int
    """Queueing time over the whole route, of the packet that waited longest."""
    picture_digest: str
    """First digits of the SHA-256 of the decoded pixels; empty without a picture."""
    key: bool = True
    """Whether the frame is a key frame: it refers to no other frame."""
    concealed: float = 0.0
    """Share of the frame's slices that are missing and were filled from other pictures."""
    tasks: Mapping[str, float] = field(default_factory=dict[str, float])
    """Figures of tasks, `task.figure`, each a column of its own in tables; a task that is not due at the frame has none."""
