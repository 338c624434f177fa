"""The rows of an evaluation, one a decoded picture, and the curves that are means over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Way = Literal["with", "none", "unrelated"]
"""Decoded with its side picture, without side information, or with a picture that has nothing to do with it."""


@dataclass(frozen=True, slots=True)
class PictureScore:
    """One decoding of one picture. A codec without side information has the way `none` alone."""

    codec: str
    model: str
    data: str
    picture: str
    coded: str
    """Which view was coded: `left`, `right`, or `listed` where a paper's list says it."""
    quality: float
    way: Way
    offset: int
    """By how many frames the side picture is later; 0 where there is none."""
    size_bytes: int
    """Of the bitstream, header included."""
    pixels: int
    psnr_db: float
    ms_ssim: float

    @property
    def bpp(self) -> float:
        """Bits per pixel."""
        return 8 * self.size_bytes / self.pixels

    @property
    def key(self) -> tuple[str, str, str]:
        """The picture that was coded."""
        return self.data, self.picture, self.coded


Point = dict[str, float]
"""A point of a curve: `quality`, `bpp`, `psnr_db`, `ms_ssim`."""


def curve(scores: Iterable[PictureScore]) -> list[Point]:
    """Means over pictures at each model and quality, in order of rate: bpp of all bits over all pixels, the rest per picture."""
    groups: dict[tuple[str, float], list[PictureScore]] = {}
    for score in scores:
        groups.setdefault((score.model, score.quality), []).append(score)
    return sorted(map(_mean, groups.values()), key=lambda point: point["bpp"])


def decoded(scores: Iterable[PictureScore], way: Way, offset: int = 0) -> list[PictureScore]:
    """The scores of one way of decoding; `offset` is that of `with`."""
    return [score for score in scores if score.way == way and (way != "with" or score.offset == offset)]


def _mean(scores: Sequence[PictureScore]) -> Point:
    return {
        "quality": scores[0].quality,
        "bpp": 8 * sum(score.size_bytes for score in scores) / sum(score.pixels for score in scores),
        "psnr_db": float(np.mean([score.psnr_db for score in scores])),
        "ms_ssim": float(np.mean([score.ms_ssim for score in scores])),
    }
