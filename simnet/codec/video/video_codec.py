"""Low-delay inter-coded streams of H.264, HEVC and AV1.

    key ──▶ P ──▶ P ──▶ ... ──▶ key ──▶ P        each P refers to the frame before it

`encode` returns each frame's packet, and `decode` each packet's picture, without delay. A key frame starts a new encoder and a
new decoder, so it does not depend on any earlier frame. After a lost reference, frames are rejected until the next key frame.

In H.264 and HEVC the quality can change with every frame. An AV1 encoder keeps its quality (see `video_encoders`): a P frame has
the quality of its key frame until the requested quality is more than `video_encoders.HELD` steps away; then a new key frame
begins. The header holds the quality that was used.

Parameter sets of H.264 and HEVC are announced once, as in RTP sessions (sprop-parameter-sets, RFC 6184; sprop-vps, -sps and
-pps, RFC 7798). AV1's sequence header is in every key frame, as its RTP payload format requires.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simnet import codec_names
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import check_size
from simnet.codec.model import refuse
from simnet.codec.video import video_encoders, yuv
from simnet.codec.video.video_encoders import VideoKind
from simnet.errors import ReferenceLostError
from simnet.records import Announcement, Decoded, SideInformation

KINDS = {
    "h264": VideoKind("libx264", "h264", video_encoders.X264, (50, 16), (10_000_000, 2_000_000)),
    "hevc": VideoKind("libx265", "hevc", video_encoders.x265("slow", -1), (50, 16), (25_000_000, 2_000_000)),
    "av1": VideoKind("libsvtav1", "libdav1d", video_encoders.SVT, (66, 12), (20_000_000, 2_000_000)),
}


def kind_of(name: str) -> VideoKind:
    """Return the settings of a codec with the options in its name."""
    kind, options = KINDS[codec_names.bare(name)], codec_names.options_of(name)
    return kind.with_preset(options["preset"]) if "preset" in options else kind


def open_encoder(name: str, width: int, height: int, model: str | None = None) -> VideoEncoder:
    """See `registry`."""
    refuse(name, model)
    return VideoEncoder(name, width, height)


def open_decoder(announcement: Announcement) -> VideoDecoder:
    """See `registry`."""
    return VideoDecoder(announcement)


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    refuse(name, model)
    return kind_of(name).times_ns


class VideoEncoder:
    """Encoder of one stream; see `protocols.Encoder`."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self._kind, self._size = kind_of(name), yuv.coded_size(width, height)
        self._steering = video_encoders.steering(self._kind, width, height)
        self.announcement = video_encoders.announce(name, self._kind, width, height)
        self._coder: video_encoders.SteeredCoder | video_encoders.HeldCoder | None = None
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """See `protocols.Encoder`. The first frame is a key frame; in AV1, a large change of quality starts another one."""
        check_size(image, self.announcement)
        step = framing.quality_step(quality)
        coder = self._coder
        if coder is None or key or not coder.serves(step):
            self._coder = coder = self._open(step)
            key = True
        payload, used = coder.encode(yuv.to_planes(image, *self._size), step)
        header = framing.Header(self._sequence, used, key)
        self._sequence += 1
        return framing.pack(header, payload, self.announcement)

    def _open(self, step: int) -> video_encoders.SteeredCoder | video_encoders.HeldCoder:
        """Open an encoder whose first frame is a key frame of quality `step`."""
        if self._kind.steered:
            return video_encoders.SteeredCoder(self._kind, self._steering)
        return video_encoders.HeldCoder(self._kind, *self._size, step)


class VideoDecoder:
    """Decoder of one stream; it ignores side information. See `protocols.Decoder`."""

    def __init__(self, announcement: Announcement) -> None:
        self.announcement = announcement
        self._kind = kind_of(announcement.codec)
        self._context = video_encoders.open_decoder(self._kind, announcement)
        self._next: int | None = None
        """Sequence number of the only frame, other than a key frame, that can be decoded."""

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """Decode a frame.

        Raises:
            ReferenceLostError: The frame refers to a frame that was not decoded right before it.
            BitstreamError: See `protocols.Decoder`.
        """
        del side
        header = framing.verify(data, self.announcement)
        expected, self._next = self._next, None
        if header.key:
            self._context = video_encoders.open_decoder(self._kind, self.announcement)
        elif header.sequence != expected:
            before = "nothing" if expected is None else f"frame {(expected - 1) & 0xFFFF}"
            raise ReferenceLostError(
                f"frame {header.sequence}: refers to frame {(header.sequence - 1) & 0xFFFF}, and what was decoded before it is "
                f"{before}; expected a key frame"
            )
        picture = video_encoders.decode(self._kind, self._context, self.announcement, framing.payload(data))
        self._next = (header.sequence + 1) & 0xFFFF
        return Decoded(picture, picture)
