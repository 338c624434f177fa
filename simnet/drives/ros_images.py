"""Pictures of messages as RGB: raw pixels in ROS's encodings, and picture files. Sizes are compared before pixels are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from simnet import picture_files, pixels
from simnet.drives.message_records import FILE, RAW, VIDEO
from simnet.errors import PictureError
from simnet.notices import tell
from simnet.printable import printable

if TYPE_CHECKING:
    from simnet.drives.message_records import ImageMessage

VIDEOS = {"h264": "h264", "h265": "hevc", "hevc": "hevc", "av1": "libdav1d", "vp9": "vp9"}
"""Formats of videos, and FFmpeg's decoders of them."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How an encoding stores pixels: samples for each pixel in a row, bytes of a sample, and OpenCV's conversion to RGB."""

    samples: int
    sample_bytes: int = 1
    conversion: int | None = None
    rows: tuple[int, int] = (1, 1)
    """Rows that are stored for each row of the picture, as a fraction: planes of colours come below the first."""


def _bayer(pattern: str) -> int:
    return getattr(cv2, f"COLOR_Bayer{pattern.upper()}2RGB")


ENCODINGS = {
    "rgb8": PixelLayout(3),
    "bgr8": PixelLayout(3, 1, cv2.COLOR_BGR2RGB),
    "8uc3": PixelLayout(3, 1, cv2.COLOR_BGR2RGB),
    "rgba8": PixelLayout(4, 1, cv2.COLOR_RGBA2RGB),
    "bgra8": PixelLayout(4, 1, cv2.COLOR_BGRA2RGB),
    "8uc4": PixelLayout(4, 1, cv2.COLOR_BGRA2RGB),
    "mono8": PixelLayout(1, 1, cv2.COLOR_GRAY2RGB),
    "8uc1": PixelLayout(1, 1, cv2.COLOR_GRAY2RGB),
    "mono16": PixelLayout(1, 2, cv2.COLOR_GRAY2RGB),
    "16uc1": PixelLayout(1, 2, cv2.COLOR_GRAY2RGB),
    "rgb16": PixelLayout(3, 2),
    "bgr16": PixelLayout(3, 2, cv2.COLOR_BGR2RGB),
    "16uc3": PixelLayout(3, 2, cv2.COLOR_BGR2RGB),
    "rgba16": PixelLayout(4, 2, cv2.COLOR_RGBA2RGB),
    "bgra16": PixelLayout(4, 2, cv2.COLOR_BGRA2RGB),
    "16uc4": PixelLayout(4, 2, cv2.COLOR_BGRA2RGB),
    **{
        f"bayer_{pattern}{8 * size}": PixelLayout(1, size, _bayer(pattern))
        for pattern in ("rggb", "bggr", "gbrg", "grbg")
        for size in (1, 2)
    },
    **dict.fromkeys(("yuv422", "uyvy"), PixelLayout(2, 1, cv2.COLOR_YUV2RGB_UYVY)),
    **dict.fromkeys(("yuv422_yuy2", "yuyv"), PixelLayout(2, 1, cv2.COLOR_YUV2RGB_YUY2)),
    "nv12": PixelLayout(1, 1, cv2.COLOR_YUV2RGB_NV12, (3, 2)),
    "nv21": PixelLayout(1, 1, cv2.COLOR_YUV2RGB_NV21, (3, 2)),
}
"""Encodings of raw pictures, in small letters."""


def video_decoder(image: ImageMessage) -> str | None:
    """Return FFmpeg's decoder of a picture that is part of a video; None if it is a picture by itself.

    Raises:
        PictureError: It is a video of another format.
    """
    name = image.format.strip().lower()
    if image.kind == VIDEO and name not in VIDEOS:
        raise PictureError(f"video format '{printable(image.format)[:40]}'; expected {', '.join(VIDEOS)}")
    return None if image.kind == RAW else VIDEOS.get(name)


def size_of(image: ImageMessage) -> tuple[int, int]:
    """Return width and height of a raw picture or a picture file, without its pixels.

    Raises:
        PictureError: It is damaged, too large, or of an encoding that is not read.
    """
    if image.kind == RAW:
        _checked(image)
        return image.width, image.height
    with picture_files.opened(_file(image)) as opened:
        return opened.size


def rgb(image: ImageMessage) -> np.ndarray:
    """Return a raw picture or a picture file as uint8 H x W x 3.

    Raises:
        PictureError: See `size_of`.
    """
    if image.kind == FILE:
        with picture_files.opened(_file(image)) as opened:
            return pixels.rgb(opened)
    layout, row_bytes = _checked(image)
    rows = image.height * layout.rows[0] // layout.rows[1]
    used = image.width * layout.samples * layout.sample_bytes
    flat = np.frombuffer(image.data, np.uint8)
    # The last row may lack its padding.
    padded = np.zeros(rows * row_bytes, np.uint8) if len(flat) < rows * row_bytes else flat[: rows * row_bytes]
    if padded is not flat and len(flat) < len(padded):
        padded[: len(flat)] = flat
    found = np.ascontiguousarray(padded.reshape(rows, row_bytes)[:, :used])
    if layout.sample_bytes == 2:
        found = _eight_bits(found.view(">u2" if image.is_big_endian else "<u2"))
    if layout.samples > 1:
        found = found.reshape(rows, image.width, layout.samples)
    return np.ascontiguousarray(found if layout.conversion is None else cv2.cvtColor(found, layout.conversion))


def _checked(image: ImageMessage) -> tuple[PixelLayout, int]:
    """Return the layout of a raw picture and the bytes of a row, whose sizes fit together and are no larger than may be."""
    layout = ENCODINGS.get(image.format.strip().lower())
    if layout is None:
        raise PictureError(f"encoding '{printable(image.format)[:40]}'; expected {', '.join(ENCODINGS)}")
    picture_files.check_size(image.width, image.height)
    if layout.conversion in _HALVED and (image.width % 2 or (image.height % 2 and layout.rows != (1, 1))):
        raise PictureError(f"picture of {image.width} x {image.height} in {image.format}; expected even sides")
    used = image.width * layout.samples * layout.sample_bytes
    row_bytes = image.row_bytes or used
    rows = image.height * layout.rows[0] // layout.rows[1]
    least = (rows - 1) * row_bytes + used
    if row_bytes < used or len(image.data) < least:
        what = f"{len(image.data)} bytes in rows of {row_bytes}"
        raise PictureError(
            f"picture of {image.width} x {image.height} in {image.format} with {what}; expected {least} in rows of {used}"
        )
    return layout, row_bytes


_HALVED = {layout.conversion for layout in ENCODINGS.values() if layout.samples == 2 or layout.rows != (1, 1)}


def _file(image: ImageMessage) -> bytes:
    if "compresseddepth" in image.format.lower():
        raise PictureError(f"format '{printable(image.format)[:40]}': distances; expected pictures")
    return bytes(image.data)


def _eight_bits(wide: np.ndarray) -> np.ndarray:
    if 0 < wide.max() < pixels.TWELVE_BITS:
        tell(
            "16-bit pictures with values below 4096 come out dark: samples of 12 bits? expected them scaled to 16 bits"
        )
    return (wide >> 8).astype(np.uint8)
