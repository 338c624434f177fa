"""H.264, HEVC and AV1 encoders with one interface: picture and quality in, payload out, no delay, no lookahead.

H.264 and HEVC (x264, x265) accept another quantiser for every frame, as a region of interest (`libav.Steering`). AV1 (SVT-AV1)
does not: it keeps the quality that it was opened with.

All encoders are tuned for PSNR, which runs report: no adaptive quantisation and no psychovisual decisions (11 to 16 % fewer bits
at the same PSNR than the libraries' defaults, on the pictures tested). The payload excludes encoder information (SEI), start
codes and temporal delimiters; parameter sets of H.264 and HEVC are separate.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

import numpy as np
from av.video.codeccontext import VideoCodecContext

from simnet.codec.bitstream import framing
from simnet.codec.video import libav, yuv
from simnet.errors import BitstreamError
from simnet.records import Announcement

CENTRE = 33
"""Quantiser that steered encoders are opened with; offsets from it reach all other quantisers."""
STEERABLE = "aq-mode=1:aq-strength=0.01:qcomp=1:scenecut=0"
"""Options that make the quantiser steerable. Regions of interest require adaptive quantisation, so it is on with almost no
strength; with qcomp=1 the quantiser is the requested one, whatever the picture's complexity."""
X264 = {"preset": "slow", "tune": "psnr,zerolatency", "crf": str(CENTRE), "g": "1000000", "x264-params": STEERABLE}
X265 = "x265-params"
_HEVC = f"crf={CENTRE}:{STEERABLE}:psy-rd=0:psy-rdoq=0:info=0:pools=none:frame-threads=1:log-level=none:open-gop=0"
SVT = {
    "preset": "4",
    "svtav1-params": "pred-struct=1:lp=1:scd=0:enable-tf=0:keyint=-1:"
    "use-fixed-qindex-offsets=1:key-frame-qindex-offset=-24:key-frame-chroma-qindex-offset=-24",
}
"""Low-delay options: prediction from earlier frames only, one thread, no scene cuts, no temporal filtering. A key frame is only
slightly finer than other frames (the libraries' default makes it several times their size, a loss with frequent key frames)."""
HELD = 16
"""AV1: largest deviation from the requested quality, in the header's 255 steps, before a new key frame corrects it."""
_SLICES = {"h264": range(1, 6), "hevc": range(32)}
"""Unit types that are slices of a picture."""
_PARAMETERS = {"h264": (7, 8), "hevc": (32, 33, 34)}
"""Unit types that are parameter sets."""


@dataclass(frozen=True, slots=True)
class VideoKind:
    """Settings of a codec's encoder and decoder."""

    encoder: str
    decoder: str
    options: Mapping[str, str]
    quantisers: tuple[float, float]
    """Quantisers at quality 0 and 1."""
    times_ns: tuple[int, int]
    """Declared virtual coding times of a 256 x 128 frame: encode, decode."""

    @property
    def steered(self) -> bool:
        """Whether each frame can have its own quantiser, and parameter sets are separate from packets."""
        return self.decoder in _SLICES

    def with_preset(self, preset: str | int) -> VideoKind:
        """Return the settings with another speed of the encoder."""
        return replace(self, options={**self.options, "preset": str(preset)})

    def quantiser(self, step: int) -> float:
        """Return the quantiser of a quality step."""
        low, high = self.quantisers
        return low + (high - low) * step / framing.QUALITY_STEPS


def x265(preset: str, keyint: int) -> dict[str, str]:
    """Options of an HEVC encoder with a key frame every `keyint` frames (-1: only the first)."""
    return {"preset": preset, "tune": "zerolatency", X265: f"{_HEVC}:keyint={keyint}"}


def steering(kind: VideoKind, width: int, height: int) -> libav.Steering:
    """Create the quantiser steering of a stream of pictures of this size."""
    # x264 does not change its quantiser by a single step from block to block.
    return libav.Steering(*yuv.coded_size(width, height), grain=2 if kind.decoder == "h264" else 1)


class SteeredCoder:
    """Encoder of H.264 or HEVC from one key frame on; every frame has the requested quality.

    `steering` has the coded size and belongs to one stream.
    """

    def __init__(self, kind: VideoKind, steering: libav.Steering) -> None:
        self._kind, self._steering = kind, steering
        width, height = steering.width, steering.height
        options = dict(kind.options)
        if X265 in options:
            # x265's largest block must fit into the picture.
            options[X265] += f":ctu={next(side for side in (64, 32, 16) if side <= min(width, height))}"
        self._context = libav.open_encoder(kind.encoder, width, height, options, apart=True)
        self._number = 0

    @property
    def parameters(self) -> bytes:
        """Parameter sets in Annex B format."""
        return b"".join(libav.START + unit for unit in self._units(self._context.extradata or b"", _PARAMETERS))

    def serves(self, step: int) -> bool:
        """Whether the next frame can have this quality without being a key frame."""
        del step
        return True

    def encode(self, planes: np.ndarray, step: int) -> tuple[bytes, int]:
        """Encode the next frame; return its payload and the quality step used."""
        frame = self._steering.frame(planes, self._kind.quantiser(step) - CENTRE)
        packet = libav.encode(self._context, frame, self._number)
        self._number += 1
        # Some packets repeat the parameter sets, and x264's first packet holds its build information.
        return libav.START.join(self._units(packet, _SLICES)), step

    def _units(self, data: bytes, types: Mapping[str, Container[int]]) -> list[bytes]:
        """Return the units of the given types; the type is in a unit's first byte."""
        decoder = self._kind.decoder
        wanted = types[decoder]
        return [
            unit for unit in libav.units(data) if (unit[0] & 31 if decoder == "h264" else unit[0] >> 1 & 63) in wanted
        ]


class HeldCoder:
    """Encoder of AV1 from one key frame on, at that frame's quality."""

    def __init__(self, kind: VideoKind, width: int, height: int, step: int) -> None:
        parameters = f"{kind.options['svtav1-params']}:crf={kind.quantiser(step):.2f}"
        options = {**kind.options, "svtav1-params": parameters}
        self._context = libav.open_encoder(kind.encoder, width, height, options, apart=False)
        self._step, self._number = step, 0

    def serves(self, step: int) -> bool:
        """See `SteeredCoder.serves`."""
        return abs(step - self._step) <= HELD

    def encode(self, planes: np.ndarray, step: int) -> tuple[bytes, int]:
        """See `SteeredCoder.encode`."""
        del step
        packet = libav.encode(self._context, libav.frame_of(planes), self._number)
        self._number += 1
        return packet.removeprefix(libav.DELIMITER), self._step


def announce(name: str, kind: VideoKind, width: int, height: int) -> Announcement:
    """Return a stream's announcement: no weights, so no digests; parameter sets if they are separate."""
    parameters = SteeredCoder(kind, steering(kind, width, height)).parameters if kind.steered else b""
    return Announcement(name, "", "", "", width, height, parameters.hex())


def open_decoder(kind: VideoKind, announcement: Announcement) -> VideoCodecContext:
    """Open a decoder whose first frame must be a key frame.

    Raises:
        BitstreamError: The announced parameter sets are not readable.
    """
    try:
        parameters = bytes.fromhex(announcement.parameters)
    except ValueError as error:
        raise BitstreamError("announced parameter sets are not readable; expected hexadecimal digits") from error
    width, height = yuv.coded_size(announcement.width, announcement.height)
    return libav.open_decoder(kind.decoder, width, height, parameters)


def decode(kind: VideoKind, context: VideoCodecContext, announcement: Announcement, payload: bytes) -> np.ndarray:
    """Decode a frame to uint8 height x width x 3 RGB.

    Raises:
        BitstreamError: The payload is not a picture of this codec and of the announced size.
    """
    planes = libav.decode(context, (libav.START if kind.steered else b"") + payload)
    width, height = yuv.coded_size(announcement.width, announcement.height)
    if planes.shape != (height * 3 // 2, width):
        size = f"{planes.shape[1]} x {planes.shape[0] * 2 // 3}"
        raise BitstreamError(f"payload is a picture of {size}; the stream announced {width} x {height}")
    return yuv.to_picture(planes, announcement.width, announcement.height)
