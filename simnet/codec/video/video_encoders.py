"""Encoders of H.264, HEVC and AV1 behind one face: a picture and a quality in, a payload out; nothing waits, nothing looks ahead.

H.264 and HEVC (x264, x265) take another quantiser with every frame, as a region of interest (`libav.Steering`). AV1 (SVT-AV1)
does not: it keeps the quality that it was opened with.

All are set to serve PSNR, which is what runs report: no adaptive quantisation and no psychovisual decisions (on the pictures
tried, 11 to 16 % fewer bits at the same PSNR than by the libraries' defaults). What encoders say about themselves (SEI), start
codes and temporal delimiters are not part of the payload; parameter sets of H.264 and HEVC are apart from it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np
from av.video.codeccontext import VideoCodecContext

from simnet.codec.bitstream import framing
from simnet.codec.video import libav, yuv
from simnet.errors import BitstreamError
from simnet.records import Announcement

CENTRE = 33
"""The quantiser that steered encoders are opened with: offsets reach every other one from there."""
STEERABLE = "aq-mode=1:aq-strength=0.01:qcomp=1:scenecut=0"
"""Regions of interest want adaptive quantisation to be on, so it is on with hardly any strength; qcomp=1: the quantiser is the
one asked for, whatever the picture's complexity."""
X264 = {"preset": "slow", "tune": "psnr,zerolatency", "crf": str(CENTRE), "g": "1000000", "x264-params": STEERABLE}
X265 = "x265-params"
_HEVC = f"crf={CENTRE}:{STEERABLE}:psy-rd=0:psy-rdoq=0:info=0:pools=none:frame-threads=1:log-level=none:open-gop=0"
SVT = {
    "preset": "4",
    "svtav1-params": "pred-struct=1:lp=1:scd=0:enable-tf=0:keyint=-1:"
    "use-fixed-qindex-offsets=1:key-frame-qindex-offset=-24:key-frame-chroma-qindex-offset=-24",
}
"""Prediction from earlier frames alone, one thread, no scene cuts, no filtering over time; a key frame only a little finer than
the others (the library's own choice makes it several times their size: a loss where key frames are asked for often)."""
HELD = 16
"""AV1: by how many steps of the header's quality (of 255) a frame may be off before a key frame puts it right."""
_SLICES = {"h264": range(1, 6), "hevc": range(32)}
"""Types of units that are slices of a picture."""
_PARAMETERS = {"h264": (7, 8), "hevc": (32, 33, 34)}
"""Types of units that are parameter sets."""


@dataclass(frozen=True, slots=True)
class VideoKind:
    """How a codec's encoder and decoder are opened."""

    encoder: str
    decoder: str
    options: Mapping[str, str]
    quantisers: tuple[float, float]
    """At quality 0 and 1."""
    times_ns: tuple[int, int]
    """Declared virtual coding times of a 256 x 128 frame: encode, decode."""

    @property
    def steered(self) -> bool:
        """Whether a frame can be given another quantiser, and parameter sets are apart from packets."""
        return self.decoder in _SLICES

    def quantiser(self, step: int) -> float:
        """The quantiser of a quality step."""
        low, high = self.quantisers
        return low + (high - low) * step / framing.QUALITY_STEPS


def x265(preset: str, keyint: int) -> dict[str, str]:
    """The options of an HEVC encoder with a key frame every `keyint` frames (-1: only the first)."""
    return {"preset": preset, "tune": "zerolatency", X265: f"{_HEVC}:keyint={keyint}"}


def steering(kind: VideoKind, width: int, height: int) -> libav.Steering:
    """What a stream of pictures of this size steers its encoders with."""
    # x264 does not bother to change its quantiser by one from block to block.
    return libav.Steering(*yuv.coded_size(width, height), grain=2 if kind.decoder == "h264" else 1)


class SteeredCoder:
    """An encoder of H.264 or HEVC from its key frame on; every frame at the quality asked for.

    `steering` is of the size coded, and the stream's own.
    """

    def __init__(self, kind: VideoKind, steering: libav.Steering) -> None:
        self._kind, self._steering = kind, steering
        width, height = steering.width, steering.height
        options = dict(kind.options)
        if X265 in options:
            # Its largest block must fit into the picture.
            options[X265] += f":ctu={next(side for side in (64, 32, 16) if side <= min(width, height))}"
        self._context = libav.open_encoder(kind.encoder, width, height, options, apart=True)
        self._number = 0

    @property
    def parameters(self) -> bytes:
        """Parameter sets in Annex B's form."""
        return b"".join(libav.START + unit for unit in self._units(self._context.extradata or b"", _PARAMETERS))

    def serves(self, step: int) -> bool:
        """Whether the next frame can be of this quality without being a key frame."""
        del step
        return True

    def encode(self, planes: np.ndarray, step: int) -> tuple[bytes, int]:
        """The payload of the next frame, and the quality step that it was coded at."""
        frame = self._steering.frame(planes, self._kind.quantiser(step) - CENTRE)
        packet = libav.encode(self._context, frame, self._number)
        self._number += 1
        # Some packets repeat the parameter sets, and x264's first says how it was built.
        return libav.START.join(self._units(packet, _SLICES)), step

    def _units(self, data: bytes, types: Mapping[str, Container[int]]) -> list[bytes]:
        """The units of some types; the type is in the first byte."""
        decoder = self._kind.decoder
        wanted = types[decoder]
        return [
            unit for unit in libav.units(data) if (unit[0] & 31 if decoder == "h264" else unit[0] >> 1 & 63) in wanted
        ]


class HeldCoder:
    """An encoder of AV1 from its key frame on, at that frame's quality."""

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
    """A stream's announcement: no weights, so no digests; parameter sets where they are apart."""
    parameters = SteeredCoder(kind, steering(kind, width, height)).parameters if kind.steered else b""
    return Announcement(name, "", "", "", width, height, parameters.hex())


def open_decoder(kind: VideoKind, announcement: Announcement) -> VideoCodecContext:
    """A decoder whose first frame must be a key frame.

    Raises:
        BitstreamError: The announced parameter sets are not readable.
    """
    try:
        parameters = bytes.fromhex(announcement.parameters)
    except ValueError as error:
        raise BitstreamError("announced parameter sets are not readable; expected hexadecimal digits") from error
    return libav.open_decoder(kind.decoder, parameters)


def decode(kind: VideoKind, context: VideoCodecContext, announcement: Announcement, payload: bytes) -> np.ndarray:
    """The picture of a frame, uint8 height x width x 3 RGB.

    Raises:
        BitstreamError: The payload is not a picture of this codec and of the announced size.
    """
    planes = libav.decode(context, (libav.START if kind.steered else b"") + payload)
    width, height = yuv.coded_size(announcement.width, announcement.height)
    if planes.shape != (height * 3 // 2, width):
        size = f"{planes.shape[1]} x {planes.shape[0] * 2 // 3}"
        raise BitstreamError(f"payload is a picture of {size}; the stream announced {width} x {height}")
    return yuv.to_picture(planes, announcement.width, announcement.height)
