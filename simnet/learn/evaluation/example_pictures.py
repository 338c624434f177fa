"""Example pictures: every codec at about the same rate, and the side picture's regions that its decoder used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from simnet import quality
from simnet.bd_rate import Points, Rates
from simnet.errors import ModelError
from simnet.learn.evaluation.evaluation_pairs import EvaluationTask
from simnet.learn.evaluation.picture_coding import PictureCoder, Setting
from simnet.learn.training_progress import progress
from simnet.progress import Work
from simnet.records import SideInformation
from simnet.report.evaluation_examples import (
    DecoderExplanation,
    EvaluatedPicture,
    EvaluationExample,
    ExampleDecoding,
)

if TYPE_CHECKING:
    from simnet.codec.protocols import Decoder, Explainer, Explanation

HALVINGS = 7
"""Steps of the bisection for a quality: 1/128 of the range is below a visible difference in rate."""
USUAL_OFFSET = 3
"""Offset in frames of the unsynchronised side picture to show, if it was measured."""


def show(
    coders: Sequence[PictureCoder],
    tasks: Sequence[EvaluationTask],
    points: Mapping[str, Points],
    offsets: Sequence[int],
    rates: Rates | None,
    count: int,
    *,
    quiet: bool = False,
) -> list[EvaluationExample]:
    """Code `count` pictures, evenly spaced, with every codec at `common_rate`; side pictures at one or two of the offsets."""
    shown = _two(offsets)
    able = [task for task in tasks if all(offset in task.sides for offset in shown)] or tasks
    chosen = [able[i] for i in np.linspace(0, len(able) - 1, min(count, len(able))).round().astype(int)]
    wanted = common_rate(list(points.values()), rates)
    found = []
    with progress(Work("examples", len(chosen), "pictures"), quiet=quiet) as tell:
        for task in chosen:
            found.append(_example(coders, task, [k for k in shown if k in task.sides], wanted))
            tell(len(found), 0.0)
    return found


def common_rate(curves: Sequence[Points], rates: Rates | None) -> float:
    """Rate (bpp) at which to show codecs: the geometric middle of the range that all have, else of that which any has."""
    spans = [(min(p["bpp"] for p in points), max(p["bpp"] for p in points)) for points in curves]
    spans += [rates] if rates else []
    low, high = max(span[0] for span in spans), min(span[1] for span in spans)
    if low > high:
        low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    return math.sqrt(low * high)


def nearest_rate(coder: PictureCoder, picture: np.ndarray, wanted: float) -> tuple[Setting, bytes]:
    """Find the setting whose rate on this picture is nearest to `wanted` bpp (by ratio), and its bitstream."""
    pixels = picture.shape[0] * picture.shape[1]
    tried: list[tuple[float, Setting, bytes]] = []

    def code(setting: Setting) -> float:
        data = coder.encode(setting, picture)
        bpp = 8 * len(data) / pixels
        tried.append((abs(math.log(bpp / wanted)), setting, data))
        return bpp

    for model, fixed in coder.fixed.items():
        if fixed:
            code(next(setting for setting in coder.settings if setting.model == model))
            continue
        low, high = 0.0, 1.0
        for end in (low, high):
            code(Setting(model, end))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if code(Setting(model, middle)) > wanted else (middle, high)
    best = min(tried, key=lambda each: each[0])
    return best[1], best[2]


def _two(offsets: Sequence[int]) -> list[int]:
    """Return the first offset and one more: three frames if measured, else the last."""
    if len(offsets) == 1:
        return [offsets[0]]
    usual = USUAL_OFFSET in offsets and offsets[0] != USUAL_OFFSET
    return [offsets[0], USUAL_OFFSET if usual else offsets[-1]]


def _example(
    coders: Sequence[PictureCoder], task: EvaluationTask, offsets: Sequence[int], wanted: float
) -> EvaluationExample:
    picture = task.original.read()
    sides = {offset: task.sides[offset].read() for offset in offsets}
    scored = _Scorer(picture)
    shown: list[ExampleDecoding] = []
    explained: list[DecoderExplanation] = []
    for coder in coders:
        setting, data = nearest_rate(coder, picture, wanted)
        bpp = 8 * len(data) / (picture.shape[0] * picture.shape[1])
        label = coder.spec.label
        for offset, side in sides.items():
            decoded = coder.decode(setting, picture, data, side)
            own = scored(decoded.picture)
            uses = decoded.picture is not decoded.alone
            shown.append(ExampleDecoding(label, own, setting.quality, bpp, offset if uses else None))
            if not uses:
                break
            if said := _explanation(coder.decoder(setting, picture), data, side):
                pictures = (own, scored(said.common), scored(said.private))
                explained.append(DecoderExplanation(label, offset, bpp, said.cell, said.matches, said.trust, *pictures))
    view = "" if task.coded == "listed" else f", {task.coded} view"
    return EvaluationExample(f"{task.name}{view}", picture, sides, shown, explained)


def _explanation(decoder: Decoder, data: bytes, side: np.ndarray) -> Explanation | None:
    """Explanation of which regions the decoder used; None if it cannot explain, or its model lacks the attention."""
    if not hasattr(decoder, "explain"):
        return None
    try:
        return cast("Explainer", decoder).explain(data, [SideInformation(side, "side", 0)])
    except ModelError:
        return None


class _Scorer:
    """Scores pictures against one original."""

    def __init__(self, picture: np.ndarray) -> None:
        self._original = quality.Original(picture)

    def __call__(self, picture: np.ndarray) -> EvaluatedPicture:
        return EvaluatedPicture(picture, self._original.psnr(picture), self._original.ms_ssim(picture))
