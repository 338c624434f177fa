"""HEVC intra as a still-picture codec: x265, 4:2:0 in BT.709, each picture coded alone, continuous quality.

It uses the strongest practical setting: preset slow, decisions by squared error. Parameter sets are announced once, and a picture
is one slice without its start code, as in the HEVC of `video`. The other still-picture codecs (`pillow_codecs`) send whole files,
containers included.
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
from simnet.records import Announcement, Decoded, SideInformation

KINDS = {"hevc-intra": VideoKind("libx265", "hevc", video_encoders.x265("slow", 1), (54, 16), (25_000_000, 2_000_000))}


def kind_of(name: str) -> VideoKind:
    """Return the settings of the codec with the options in its name."""
    kind, options = KINDS[codec_names.bare(name)], codec_names.options_of(name)
    return kind.with_preset(options["preset"]) if "preset" in options else kind


def open_encoder(name: str, width: int, height: int, model: str | None = None) -> StillEncoder:
    """See `registry`."""
    refuse(name, model)
    return StillEncoder(name, width, height)


def open_decoder(announcement: Announcement) -> StillDecoder:
    """See `registry`."""
    return StillDecoder(announcement)


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    refuse(name, model)
    return kind_of(name).times_ns


class StillEncoder:
    """Encoder of one stream; see `protocols.Encoder`. Every frame is a key frame."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self._kind, self._size = kind_of(name), yuv.coded_size(width, height)
        self._steering = video_encoders.steering(self._kind, width, height)
        self.announcement = video_encoders.announce(name, self._kind, width, height)
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """See `protocols.Encoder`."""
        del key
        check_size(image, self.announcement)
        step = framing.quality_step(quality)
        # x265 carries statistics from picture to picture; a new encoder for each makes the bytes depend on that picture only.
        payload, _ = video_encoders.SteeredCoder(self._kind, self._steering).encode(
            yuv.to_planes(image, *self._size), step
        )
        header = framing.Header(self._sequence, step, key=True)
        self._sequence += 1
        return framing.pack(header, payload, self.announcement)


class StillDecoder:
    """Decoder of one stream; see `protocols.Decoder`. It ignores side information."""

    def __init__(self, announcement: Announcement) -> None:
        self.announcement, self._kind = announcement, kind_of(announcement.codec)
        self._context = video_encoders.open_decoder(self._kind, announcement)

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """See `protocols.Decoder`."""
        del side
        framing.verify(data, self.announcement)
        picture = video_encoders.decode(self._kind, self._context, self.announcement, framing.payload(data))
        return Decoded(picture, picture)
