"""JPEG, JPEG 2000, WebP and AVIF through Pillow, as codecs without side information.

Each frame carries the whole file that the library writes, because a user would send that; the container counts towards the rate.
JPEG 2000 also has a form without a container; that form is sent, without the library's comment segment.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from simnet import codec_names, picture_files
from simnet.codec.bitstream import framing
from simnet.codec.bitstream.padding import check_size
from simnet.codec.model import refuse
from simnet.errors import BitstreamError, PictureError
from simnet.library_threads import CODER_THREADS
from simnet.records import Announcement, Decoded, SideInformation


def without_comments(codestream: bytes) -> bytes:
    """Remove the comments from the main header of a JPEG 2000 codestream (ISO/IEC 15444-1, A.9.2)."""
    at, kept = 2, [codestream[:2]]
    while (marker := codestream[at : at + 2]) != b"\xff\x90":  # SOT: start of the first tile-part
        end = at + 2 + int.from_bytes(codestream[at + 2 : at + 4], "big")
        if marker != b"\xff\x64":
            kept.append(codestream[at:end])
        at = end
    return b"".join([*kept, codestream[at:]])


@dataclass(frozen=True, slots=True)
class PillowFormat:
    """Pillow format: its writer options, and its own quality parameter at quality 0 and 1."""

    format: str
    options: Mapping[str, Any]
    figures: tuple[int, int]
    whole: bool = True
    """Whether the quality parameter is an integer."""
    trim: Callable[[bytes], bytes] = bytes
    """Removes the parts of the file that need not be sent."""

    def arguments(self, step: int) -> dict[str, Any]:
        """Pillow's arguments for a quality step."""
        low, high = self.figures
        figure = low + (high - low) * step / framing.QUALITY_STEPS
        # JPEG 2000 takes the PSNR in dB that its single layer must reach.
        quality = {"quality": round(figure)} if self.whole else {"quality_mode": "dB", "quality_layers": [figure]}
        return {"format": self.format, **self.options, **quality}


KINDS = {
    "jpeg": PillowFormat("JPEG", {"optimize": True}, (2, 95)),
    "webp": PillowFormat("WEBP", {"method": 4}, (0, 95)),
    "avif": PillowFormat("AVIF", {"speed": 8, "max_threads": CODER_THREADS}, (5, 90)),
    "jpeg2000": PillowFormat(
        "JPEG2000", {"no_jp2": True, "irreversible": True, "mct": 1}, (20, 46), whole=False, trim=without_comments
    ),
}

TIMES_NS = (5_000_000, 5_000_000)
"""Declared virtual coding times of a frame: encode, decode."""


def kind_of(name: str) -> PillowFormat:
    """Return the format of a codec with the options in its name."""
    kind, options = KINDS[codec_names.bare(name)], codec_names.options_of(name)
    return replace(kind, options={**kind.options, **options}) if options else kind


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
    """Return a classical codec's announcement: no weights, so no digests."""
    return Announcement(name, "", "", "", width, height)


class ClassicalEncoder:
    """Still-picture encoder based on Pillow."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self.announcement = announce(name, width, height)
        self._name, self._kind = name, kind_of(name)
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """See `protocols.Encoder`; every frame is a key frame."""
        del key
        check_size(image, self.announcement)
        name, step = self._name, framing.quality_step(quality)
        file = io.BytesIO()
        try:
            Image.fromarray(image).save(file, **self._kind.arguments(step))
        except (OSError, ValueError) as error:
            size = f"{image.shape[1]} x {image.shape[0]}"
            raise PictureError(f"picture of {size}: {name} cannot encode it; expected a smaller one") from error
        header = framing.Header(self._sequence, step, key=True)
        self._sequence += 1
        return framing.pack(header, self._kind.trim(file.getvalue()), self.announcement)


class ClassicalDecoder:
    """Still-picture decoder based on Pillow; it ignores side information."""

    def __init__(self, announcement: Announcement) -> None:
        self.announcement = announcement

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """See `protocols.Decoder`."""
        del side
        framing.verify(data, self.announcement)
        kind = KINDS[codec_names.bare(self.announcement.codec)].format
        expected = (self.announcement.width, self.announcement.height)
        try:
            with picture_files.opened(framing.payload(data), (kind,), expected) as file:
                picture = np.asarray(file.convert("RGB"))
        except PictureError as error:
            raise BitstreamError(f"payload of codec {self.announcement.codec}: {error}") from error
        if picture.shape[1::-1] != expected:
            raise BitstreamError(f"payload is a picture of {picture.shape[1::-1]}; the stream announced {expected}")
        return Decoded(picture, picture)
