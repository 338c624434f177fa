"""Rows of an evaluation, one per decoded picture, and curves of their means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Way = Literal["with", "none", "unrelated"]
"""Side information of a decoding: the side picture, none, or an unrelated picture."""


@dataclass(frozen=True, slots=True)
class PictureScore:
    """Score of one decoding of one picture. A codec without side information has only the way `none`."""

    codec: str
    model: str
    data: str
    picture: str
    coded: str
    """View that was coded: `left`, `right`, or `listed` if a paper's list states it."""
    quality: float
    way: Way
    offset: int
    """Frames by which the side picture is later; 0 if there is none."""
    size_bytes: int
    """Size of the bitstream, including its header."""
    pixels: int
    psnr_db: float
    ms_ssim: float

    @property
    def bpp(self) -> float:
        """Bits per pixel."""
        return 8 * self.size_bytes / self.pixels

    @property
    def key(self) -> tuple[str, str, str]:
        """Key of the picture that was coded."""
        return self.data, self.picture, self.coded


Point = dict[str, float]
"""A point of a curve: `quality`, `bpp`, `psnr_db`, `ms_ssim`."""


def curve(scores: Iterable[PictureScore]) -> list[Point]:
    """Means at each model and quality, in order of rate: bpp is total bits over total pixels, the rest are means per picture."""
    groups: dict[tuple[str, float], list[PictureScore]] = {}
    for score in scores:
        groups.setdefault((score.model, score.quality), []).append(score)
    return sorted(map(_mean, groups.values()), key=lambda point: point["bpp"])


def decoded(scores: Iterable[PictureScore], way: Way, offset: int = 0) -> list[PictureScore]:
    """Select the scores of one way of decoding; `offset` applies to the way `with`."""
    return [score for score in scores if score.way == way and (way != "with" or score.offset == offset)]


def _mean(scores: Sequence[PictureScore]) -> Point:
    return {
        "quality": scores[0].quality,
        "bpp": 8 * sum(score.size_bytes for score in scores) / sum(score.pixels for score in scores),
        "psnr_db": float(np.mean([score.psnr_db for score in scores])),
        "ms_ssim": float(np.mean([score.ms_ssim for score in scores])),
    }
