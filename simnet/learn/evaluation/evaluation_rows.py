"""Rows of an evaluation, one per decoded picture, and curves of their means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np

from simnet.learn.evaluation import evaluation_tasks
from simnet.tasks.task import PoolingTask

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
    drive: str = ""
    """Drive or scene of the picture: pictures of one drive are not independent."""
    more: Mapping[str, float] = field(default_factory=dict)
    """Scores by the keys of further metrics; NaN where the picture has none."""
    kept: Mapping[str, tuple[PoolingTask, Any]] = field(default_factory=dict[str, "tuple[PoolingTask, Any]"])
    """What tasks keep of it for their figures of all pictures together."""

    @property
    def bpp(self) -> float:
        """Bits per pixel."""
        return 8 * self.size_bytes / self.pixels

    @property
    def key(self) -> tuple[str, str, str]:
        """Key of the picture that was coded."""
        return self.data, self.picture, self.coded

    def value(self, metric: str) -> float:
        """Return the score by a metric's key."""
        return self.more[metric] if metric in self.more else getattr(self, metric)

    def plain(self) -> dict[str, Any]:
        """Return the score as one flat row, with its rate and the further metrics as columns."""
        own = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in {"more", "kept"}}
        return own | dict(self.more) | {"bpp": self.bpp}


Point = dict[str, float]
"""A point of a curve: `quality`, `bpp`, `psnr_db`, `ms_ssim`, and the keys of further metrics."""


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
    point = {
        "quality": scores[0].quality,
        "bpp": 8 * sum(score.size_bytes for score in scores) / sum(score.pixels for score in scores),
    }
    metrics = ("psnr_db", "ms_ssim", *scores[0].more)
    means = {metric: _mean_of([score.value(metric) for score in scores]) for metric in metrics}
    return point | means | evaluation_tasks.pooled([score.kept for score in scores])


def _mean_of(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
