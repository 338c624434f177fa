"""Kept pictures of a run, embedded in a page: original, decoded, decoded alone, and error map."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from simnet import picture_files
from simnet.errors import InputError, PictureError
from simnet.records import SECOND_NS, Row
from simnet.report.formatting import MISSING, milliseconds, number
from simnet.runfolder.kept_picture_files import PictureKind, kept_files, kept_sequences
from simnet.runfolder.run_reader import RunFolder

ERROR_FACTOR = 8
"""Factor of the error maps, the same for all pictures, so that readers can compare them."""
_PAGE_CHARACTERS, _STREAM_CHARACTERS = 1_100_000, 340_000
"""Limits of the text of a page's pictures, for few streams and for each further one: larger pages are slow to send and open."""
_FEW, _MANY = 4, 4
"""Streams that share the first limit, and further ones that add to it."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """One picture with its title, caption and alt text. `source` is a data URI; None without a picture."""

    title: str
    source: str | None
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """One frame's pictures side by side. `width` and `height` are the original's, in pixels."""

    stream: str
    heading: str
    story: str
    width: int
    height: int
    pictures: tuple[PagePicture, ...]


@dataclass(frozen=True, slots=True)
class KeptGallery:
    """Kept frames of each stream that fit into a page, and the total number of kept frames."""

    streams: Mapping[str, Sequence[KeptFrame]]
    kept: int

    @property
    def shown(self) -> int:
        """Number of frames on the page."""
        return sum(map(len, self.streams.values()))


def gallery(run: RunFolder) -> KeptGallery:
    """Read the kept pictures of every stream, middle frames first, up to the page's limit.

    Raises:
        InputError: A kept picture cannot be read.
    """
    found = {name: kept_sequences(run.path, name) for name in run.streams}
    turns = {name: [own[i] for i in _middle_first(len(own))] for name, own in found.items()}
    rows = {(row.stream, row.sequence): row for row in run.rows}
    most = _PAGE_CHARACTERS + _STREAM_CHARACTERS * min(max(0, len(found) - _FEW), _MANY)
    made: dict[str, dict[int, KeptFrame]] = {}
    used = 0
    for turn in range(max(map(len, turns.values()), default=0)):
        for name, own in turns.items():
            if turn >= len(own) or used > most:
                continue
            frame = _frame(run, name, own[turn], rows.get((name, own[turn])))
            size = sum(len(picture.source or "") for picture in frame.pictures)
            if not made or used + size <= most:
                made.setdefault(name, {})[own[turn]] = frame
                used += size
    streams = {
        name: [made[name][one] for one in own if one in made[name]] for name, own in found.items() if name in made
    }
    return KeptGallery(streams=streams, kept=sum(map(len, found.values())))


def data_uri(content: bytes, kind: str = "png") -> str:
    """Return an image file as a data URI."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def exact(picture: np.ndarray) -> str:
    """Return a picture (uint8, H x W x 3) as a data URI that has its very pixels, at four fifths of a PNG's size.

    More effort saves a seventh of the size and takes twenty times as long, seconds for a page.
    """
    return _webp(picture, lossless=True, quality=20, method=0)


def error_map(original: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Return |original - decoded| (uint8, H x W x 3 each), times `ERROR_FACTOR` and clipped."""
    error = np.abs(original.astype(np.int16) - decoded) * ERROR_FACTOR
    return np.minimum(error, 255).astype(np.uint8)


def _webp(picture: np.ndarray, **options: Any) -> str:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "webp", **options)
    return data_uri(out.getvalue(), "webp")


def pixels(content: bytes, name: str | Path) -> np.ndarray:
    """Return an image file as uint8, H x W x 3, RGB.

    Raises:
        InputError: `content` is not a picture; the message contains `name`.
    """
    try:
        with picture_files.opened(content, ("PNG",)) as image:
            return np.asarray(image.convert("RGB"))
    except PictureError as error:
        raise InputError(f"{name}: cannot be read as a picture ({error}); expected a PNG") from error


def _middle_first(count: int) -> list[int]:
    return sorted(range(count), key=lambda index: (abs(index - (count - 1) // 2), index))


def _frame(run: RunFolder, stream: str, sequence: int, row: Row | None) -> KeptFrame:
    files = kept_files(run.path, stream, sequence)
    content = {kind: path.read_bytes() for kind, path in files.items()}
    original = pixels(content[PictureKind.ORIGINAL], files[PictureKind.ORIGINAL])
    helped = row is not None and bool(row.side_sources)
    error = None
    if PictureKind.DECODED in content:
        decoded = pixels(content[PictureKind.DECODED], files[PictureKind.DECODED])
        # a map is looked at, not measured
        error = _webp(error_map(original, decoded), quality=80, method=2) if decoded.shape == original.shape else None
    frame = f"{stream} frame {sequence}"
    quality = _quality(row.psnr_db, row.ms_ssim) if row else MISSING
    alone = _quality(row.alone_psnr_db, row.alone_ms_ssim) if row and helped else "no side information used"
    pictures = (
        PagePicture("original", exact(original), "as captured", f"{frame}, original"),
        PagePicture("decoded", _embedded(content, files, PictureKind.DECODED), quality, f"{frame}, decoded: {quality}"),
        PagePicture(
            "decoded alone",
            _embedded(content, files, PictureKind.ALONE) if helped else None,
            alone,
            f"{frame}, decoded without side information: {alone}",
        ),
        PagePicture(f"error x {ERROR_FACTOR}", error, "|original - decoded|", f"{frame}, error times {ERROR_FACTOR}"),
    )
    time = f" at {number(row.capture_ns / SECOND_NS, 2)} s" if row else ""
    height, width = original.shape[:2]
    return KeptFrame(stream, f"frame {sequence}{time}", _story(row), width, height, pictures)


def _embedded(content: Mapping[PictureKind, bytes], files: Mapping[PictureKind, Path], kind: PictureKind) -> str | None:
    return exact(pixels(content[kind], files[kind])) if content.get(kind) else None


def _quality(psnr_db: float | None, ms_ssim: float | None) -> str:
    return f"PSNR {number(psnr_db, 2, 'dB')}, MS-SSIM {number(ms_ssim, 4)}"


def _story(row: Row | None) -> str:
    if row is None:
        return "no row for this frame"
    served = f"; side information from {', '.join(row.side_sources)}" if row.side_sources else ""
    age = f", {milliseconds(row.side_age_ns)} old" if row.side_sources and row.side_age_ns is not None else ""
    return f"{row.outcome}; {number(row.link_bytes)} bytes on the link, {number(row.bpp, 3)} bpp{served}{age}"
