"""JPEG, JPEG 2000, WebP and AVIF through Pillow, as codecs without side information.

Each frame carries the whole file that the library writes. That is what a user would send, so its container is counted too.
JPEG 2000 has a form without a container, which is sent less the library's note about itself.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import check_size
from simnet.codec.model import refuse
from simnet.errors import BitstreamError, PictureError
from simnet.records import Announcement, Decoded, SideInformation


def without_comments(codestream: bytes) -> bytes:
    """A JPEG 2000 codestream whose main header lost its comments (ISO/IEC 15444-1, A.9.2)."""
    at, kept = 2, [codestream[:2]]
    while (marker := codestream[at : at + 2]) != b"\xff\x90":  # the first tile's part begins
        end = at + 2 + int.from_bytes(codestream[at + 2 : at + 4], "big")
        if marker != b"\xff\x64":
            kept.append(codestream[at:end])
        at = end
    return b"".join([*kept, codestream[at:]])


@dataclass(frozen=True, slots=True)
class PillowFormat:
    """A format of Pillow's, how it is written, and its own figure of quality at quality 0 and 1."""

    format: str
    options: Mapping[str, Any]
    figures: tuple[int, int]
    whole: bool = True
    """Whether the figure is a whole number."""
    trim: Callable[[bytes], bytes] = bytes
    """Takes off what nobody would send."""

    def arguments(self, step: int) -> dict[str, Any]:
        """What Pillow is told at a quality step."""
        low, high = self.figures
        figure = low + (high - low) * step / framing.QUALITY_STEPS
        # JPEG 2000 takes the PSNR in dB that its one layer has to reach.
        quality = {"quality": round(figure)} if self.whole else {"quality_mode": "dB", "quality_layers": [figure]}
        return {"format": self.format, **self.options, **quality}


KINDS = {
    "jpeg": PillowFormat("JPEG", {"optimize": True}, (2, 95)),
    "webp": PillowFormat("WEBP", {"method": 4}, (0, 95)),
    "avif": PillowFormat("AVIF", {"speed": 8, "max_threads": 1}, (5, 90)),
    "jpeg2000": PillowFormat(
        "JPEG2000", {"no_jp2": True, "irreversible": True, "mct": 1}, (20, 46), whole=False, trim=without_comments
    ),
}

TIMES_NS = (5_000_000, 5_000_000)
"""Declared virtual coding times of a frame: encode, decode."""


def open_encoder(name: str, width: int, height: int, model: str | None = None) -> ClassicalEncoder:
    """See `registry`."""
    refuse(name, model)
    return ClassicalEncoder(name, width, height)


def open_decoder(announcement: Announcement) -> ClassicalDecoder:
    """See `registry`."""
    return ClassicalDecoder(announcement)


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    refuse(name, model)
    return TIMES_NS


def announce(name: str, width: int, height: int) -> Announcement:
    """A classical codec's announcement: no weights, so no digests."""
    return Announcement(name, "", "", "", width, height)


class ClassicalEncoder:
    """A still-picture encoder of Pillow's."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self.announcement = announce(name, width, height)
        self._name = name
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """See `protocols.Encoder`; every frame is a key frame."""
        del key
        check_size(image, self.announcement)
        name, step = self._name, framing.quality_step(quality)
        file = io.BytesIO()
        try:
            Image.fromarray(image).save(file, **KINDS[name].arguments(step))
        except (OSError, ValueError) as error:
            size = f"{image.shape[1]} x {image.shape[0]}"
            raise PictureError(f"picture of {size}: {name} cannot encode it; expected a smaller one") from error
        header = framing.Header(self._sequence, step, key=True)
        self._sequence += 1
        return framing.pack(header, KINDS[name].trim(file.getvalue()), self.announcement)


class ClassicalDecoder:
    """A still-picture decoder of Pillow's; side information is of no use to it."""

    def __init__(self, announcement: Announcement) -> None:
        self.announcement = announcement

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """See `protocols.Decoder`."""
        del side
        framing.verify(data, self.announcement)
        kind = KINDS[self.announcement.codec].format
        try:
            with Image.open(io.BytesIO(framing.payload(data)), formats=[kind]) as file:
                picture = np.asarray(file.convert("RGB"))
        except (OSError, ValueError, SyntaxError, RuntimeError, Image.DecompressionBombError) as error:
            raise BitstreamError(f"payload is not a {kind} picture") from error
        expected = (self.announcement.height, self.announcement.width)
        if picture.shape[:2] != expected:
            raise BitstreamError(f"payload is a picture of {picture.shape[:2]}; the stream announced {expected}")
        return Decoded(picture, picture)
