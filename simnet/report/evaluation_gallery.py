"""Example pictures of an evaluation, embedded in a page: WebP in data URIs, captions, error maps and attention."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from simnet.report import attention
from simnet.report.evaluation_examples import (
    DecoderExplanation,
    EvaluatedPicture,
    EvaluationExample,
    ExampleDecoding,
)
from simnet.report.formatting import number
from simnet.report.kept_pictures import ERROR_FACTOR, PagePicture, data_uri

BUDGET = 3_500_000
"""Size budget of a page's pictures, in bytes of base64 text."""
LOSSY = 90
"""WebP quality if the lossless pictures would exceed the budget."""

Embed = Callable[[np.ndarray], str]


@dataclass(frozen=True, slots=True)
class GalleryCell:
    """One picture of the gallery and its error map, shown under it."""

    id: str
    picture: PagePicture
    error: PagePicture | None


@dataclass(frozen=True, slots=True)
class ExampleGallery:
    """The pictures of a page. `note` says how pictures are stored and how many were left out."""

    examples: Sequence[dict[str, Any]]
    attention: Sequence[dict[str, Any]]
    """Data for the page's script: picture sizes and packed explanations of each example that has explanations."""
    note: str


def gallery(examples: Sequence[EvaluationExample]) -> ExampleGallery:
    """Embed the examples: lossless if they fit into the budget, else at quality `LOSSY`, else fewer of them."""
    for kept, embed, words in (
        (len(examples), _lossless, ""),
        *((kept, _lossy, f"Pictures are stored as WebP at quality {LOSSY}.") for kept in range(len(examples), 0, -1)),
    ):
        shown = [_example(index, example, embed) for index, example in enumerate(examples[:kept])]
        if kept == 1 or sum(map(_bytes, shown)) <= BUDGET:
            missing = f" Examples that did not fit: {len(examples) - kept}." if kept < len(examples) else ""
            return ExampleGallery(shown, [each["packed"] for each in shown if each["entries"]], words + missing)
    return ExampleGallery((), (), "")


def when(offset: int) -> str:
    """Return a time offset in words."""
    if not offset:
        return "same time"
    return f"{abs(offset)} frame{'s' * (abs(offset) > 1)} {'later' if offset > 0 else 'earlier'}"


def _example(index: int, example: EvaluationExample, embed: Embed) -> dict[str, Any]:
    name, start = example.name, f"example-{index}"
    given = [_cell(f"{start}-original", "original", "as captured", f"{name}, original", example.original, embed)]
    for offset, side in example.sides.items():
        words = f"side picture, {when(offset)}"
        given.append(_cell(f"{start}-side-{offset}", words, "at the decoder", f"{name}, {words}", side, embed))
    made = [_decoded(f"{start}-shown-{i}", name, one, example.original, embed) for i, one in enumerate(example.shown)]
    height, width = example.original.shape[:2]
    packed = {
        "id": start,
        "size": [width, height],
        "sides": {str(offset): list(side.shape[1::-1]) for offset, side in example.sides.items()},
        "entries": [{"offset": str(one.offset), **attention.packed(one)} for one in example.explained],
    }
    return {
        "id": start,
        "name": name,
        "width": width,
        "height": height,
        "rows": [given, made],
        "entries": [_entry(name, one, embed) for one in example.explained],
        "packed": packed,
    }


def _cell(id_: str, title: str, caption: str, alt: str, picture: np.ndarray, embed: Embed) -> GalleryCell:
    return GalleryCell(id_, PagePicture(title, embed(picture), caption, alt), None)


def _decoded(id_: str, name: str, one: ExampleDecoding, original: np.ndarray, embed: Embed) -> GalleryCell:
    side = "" if one.offset is None else f", side picture {when(one.offset)}" if one.offset else ", side picture"
    words = f"{number(one.bpp, 3)} bpp, {_quality(one.decoded)}"
    picture = PagePicture(
        f"{one.codec}{side}", embed(one.decoded.picture), words, f"{name}, decoded by {one.codec}{side}: {words}"
    )
    error = np.minimum(np.abs(original.astype(np.int16) - one.decoded.picture) * ERROR_FACTOR, 255).astype(np.uint8)
    return GalleryCell(
        id_,
        picture,
        PagePicture(
            f"error x {ERROR_FACTOR}", embed(error), "|original - decoded|", f"{name}, error of {one.codec}{side}"
        ),
    )


def _entry(name: str, one: DecoderExplanation, embed: Embed) -> dict[str, Any]:
    """Return the pictures of one explanation: decoded from both sources, and from each source alone."""
    kinds = (
        (one.decoded, "decoded", "with both"),
        (one.common, "common information alone", "what the side picture gives"),
        (one.private, "private information alone", "what the bitstream gives"),
    )
    title = f"{one.codec}, side picture {when(one.offset)}"
    return {
        "title": f"{title} ({number(one.bpp, 3)} bpp)",
        "pictures": [
            PagePicture(
                words, embed(scored.picture), f"{more}: {_quality(scored)}", f"{name}, {title}, {words}: {_quality(scored)}"
            )
            for scored, words, more in kinds
        ],
    }  # fmt: skip


def _quality(scored: EvaluatedPicture) -> str:
    return f"PSNR {number(scored.psnr_db, 2, 'dB')}, MS-SSIM {number(scored.ms_ssim, 4)}"


def _bytes(example: dict[str, Any]) -> int:
    pictures = [picture for row in example["rows"] for cell in row for picture in (cell.picture, cell.error) if picture]
    pictures += [picture for entry in example["entries"] for picture in entry["pictures"]]
    packed = sum(len(entry["matches"]) for entry in example["packed"]["entries"])
    return packed + sum(len(picture.source or "") for picture in pictures)


def _lossless(picture: np.ndarray) -> str:
    return _webp(picture, lossless=True, quality=50, method=2)


def _lossy(picture: np.ndarray) -> str:
    return _webp(picture, quality=LOSSY)


def _webp(picture: np.ndarray, **options: Any) -> str:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "webp", **options)
    return data_uri(file.getvalue(), "webp")
