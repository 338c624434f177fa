"""Displayed pictures at the receivers, codecs side by side at the same setting, within the page's size budget."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from simnet.report.formatting import MISSING, number
from simnet.report.kept_pictures import data_uri, pixels
from simnet.runfolder.kept_picture_files import PictureKind, kept_sequences, picture_file
from simnet.runfolder.sweep_reader import CellFolder
from simnet.runfolder.sweep_records import Point

BUDGET = 6_000_000
"""Size budget of a page's pictures, in bytes of base64 text."""
STEPS = ((85, None), (75, 640), (60, 480), (45, 320))
"""WebP quality and maximum width, tried in order until all pictures fit into the budget."""


@dataclass(frozen=True, slots=True)
class DisplayedGallery:
    """Pictures for the page's script: originals by case and stream, displayed pictures also by setting and curve."""

    streams: tuple[dict[str, Any], ...]
    note: str


@dataclass(frozen=True, slots=True)
class DisplayedFrame:
    """A frame's original and displayed picture, with their curve, case, setting and stream."""

    curve: str
    case: str
    setting: str
    stream: str
    seed: int
    sequence: int
    original: Path
    shown: Path
    words: str


def kept(place: tuple[str, str, str], point: Point, cell: CellFolder) -> Iterator[DisplayedFrame]:
    """Yield the kept pictures of a cell, one frame for each stream; `place` is its curve, case and setting."""
    scores = {(each.stream, each.sequence): each for each in cell.displayed}
    rows = {(row.stream, row.sequence): row for row in cell.run.rows}
    for stream in cell.run.streams:
        for sequence in kept_sequences(cell.run.path, stream)[:1]:
            original, shown, decoded = (
                picture_file(cell.run.path, stream, sequence, kind)
                for kind in (PictureKind.ORIGINAL, PictureKind.DISPLAYED, PictureKind.DECODED)
            )
            shown = shown if shown.is_file() else decoded
            score, row = scores.get((stream, sequence)), rows.get((stream, sequence))
            quality = f"{number(score.psnr_db, 2)} dB, MS-SSIM {number(score.ms_ssim, 4)}" if score else MISSING
            story = f"{quality}; {row.outcome}, {number(row.link_bytes)} bytes" if row else quality
            yield DisplayedFrame(*place, stream, point.seed, sequence, original, shown, story)


def gallery(pictures: Sequence[DisplayedFrame]) -> DisplayedGallery:
    """Embed the pictures of every case and stream, from its lowest seed with kept pictures."""
    wanted = _first_seeds(pictures)
    for quality, width in STEPS:
        made, left_out = _embedded(wanted, quality, width, last=(quality, width) == STEPS[-1])
        if made is not None:
            size = f", at most {width} pixels wide" if width else ""
            note = f"Stored as WebP at quality {quality}{size}: finer differences are in the cells' folders."
            return DisplayedGallery(tuple(made), note + (f" {left_out} more did not fit." if left_out else ""))
    return DisplayedGallery((), "")


def _first_seeds(every: Sequence[DisplayedFrame]) -> list[DisplayedFrame]:
    seeds: dict[tuple[str, str], int] = {}
    for each in every:
        key = each.case, each.stream
        seeds[key] = min(seeds.get(key, each.seed), each.seed)
    return [each for each in every if each.seed == seeds[each.case, each.stream]]


def _embedded(
    wanted: list[DisplayedFrame], quality: int, width: int | None, *, last: bool
) -> tuple[list[dict[str, Any]] | None, int]:
    """Return the pictures, or None if they exceed the budget; the `last` try returns as many as fit."""
    made: dict[tuple[str, str], dict[str, Any]] = {}
    used = left_out = 0
    for each in wanted:
        if used > BUDGET:
            if not last:
                return None, 0
            left_out += 1
            continue
        entry = made.get((each.case, each.stream))
        if entry is None:
            source, size = _webp(each.original, quality, width)
            used += len(source)
            entry = {"case": each.case, "stream": each.stream, "seed": each.seed, "sequence": each.sequence}
            entry |= {"original": source, "width": size[0], "height": size[1], "shown": {}}
            made[each.case, each.stream] = entry
        source = _webp(each.shown, quality, width)[0] if each.shown.is_file() else None
        used += len(source or "")
        entry["shown"].setdefault(each.setting, {})[each.curve] = [source, each.words]
    return list(made.values()), left_out


def _webp(path: Path, quality: int, width: int | None) -> tuple[str, tuple[int, int]]:
    with Image.fromarray(pixels(path.read_bytes(), path)) as image:
        if width and image.width > width:
            image.thumbnail((width, 100_000))
        file = io.BytesIO()
        image.save(file, "webp", quality=quality)
        return data_uri(file.getvalue(), "webp"), image.size
