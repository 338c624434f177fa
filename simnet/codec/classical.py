"""JPEG, WebP and AVIF through Pillow, as codecs without side information.

Each frame carries the whole file that the library writes. That is what a user would send, so its container is counted too.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from simnet.codec import bitstream
from simnet.codec.padding import check_size
from simnet.errors import BitstreamError, ModelError, PictureError
from simnet.records import Announcement, Decoded, SideInformation

OPTIONS: dict[str, dict[str, Any]] = {
    "jpeg": {"format": "JPEG", "optimize": True},
    "webp": {"format": "WEBP", "method": 4},
    "avif": {"format": "AVIF", "speed": 8, "max_threads": 1},
}
RANGES = {"jpeg": (2, 95), "webp": (0, 95), "avif": (5, 90)}
"""The library's own quality figure at quality 0 and 1."""


TIMES_NS = (5_000_000, 5_000_000)
"""Declared virtual coding times of a frame: encode, decode."""


def open_encoder(name: str, width: int, height: int, model: str | None = None) -> ClassicalEncoder:
    """See `registry`."""
    if model is not None:
        raise ModelError(f"codec {name} has no models; found model {model}")
    return ClassicalEncoder(name, width, height)


def open_decoder(announcement: Announcement) -> ClassicalDecoder:
    """See `registry`."""
    return ClassicalDecoder(announcement)


def declared_times(name: str, model: str | None = None) -> tuple[int, int]:
    """See `registry`."""
    del name, model
    return TIMES_NS


def announce(name: str, width: int, height: int) -> Announcement:
    """A classical codec's announcement: no weights, so no digests."""
    return Announcement(name, "", "", "", width, height)


class ClassicalEncoder:
    """A still-picture encoder of Pillow's."""

    def __init__(self, name: str, width: int, height: int) -> None:
        self.announcement = announce(name, width, height)
        self._sequence = 0

    def encode(self, image: np.ndarray, quality: float, *, key: bool = False) -> bytes:
        """See `protocols.Encoder`; every frame is a key frame."""
        del key
        check_size(image, self.announcement)
        name, step = self.announcement.codec, bitstream.quality_step(quality)
        low, high = RANGES[name]
        figure = round(low + (high - low) * step / bitstream.QUALITY_STEPS)
        file = io.BytesIO()
        try:
            Image.fromarray(image).save(file, quality=figure, **OPTIONS[name])
        except (OSError, ValueError) as error:
            size = f"{image.shape[1]} x {image.shape[0]}"
            raise PictureError(f"picture of {size}: {name} cannot encode it; expected a smaller one") from error
        header = bitstream.Header(self._sequence, step, key=True)
        self._sequence += 1
        return bitstream.pack(header, file.getvalue(), self.announcement)


class ClassicalDecoder:
    """A still-picture decoder of Pillow's; side information is of no use to it."""

    def __init__(self, announcement: Announcement) -> None:
        self.announcement = announcement

    def decode(self, data: bytes, side: Sequence[SideInformation]) -> Decoded:
        """See `protocols.Decoder`."""
        del side
        bitstream.verify(data, self.announcement)
        kind = str(OPTIONS[self.announcement.codec]["format"])
        try:
            with Image.open(io.BytesIO(bitstream.payload(data)), formats=[kind]) as file:
                picture = np.asarray(file.convert("RGB"))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise BitstreamError(f"payload is not a {kind} picture") from error
        expected = (self.announcement.height, self.announcement.width)
        if picture.shape[:2] != expected:
            raise BitstreamError(f"payload is a picture of {picture.shape[:2]}; the stream announced {expected}")
        return Decoded(picture, picture)
