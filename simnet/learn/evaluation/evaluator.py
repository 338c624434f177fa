"""Rate-distortion evaluation of codecs on picture pairs: real bytes, decoded pictures, BD-rates against anchors.

One view is coded; the other is the decoder's side information. Codecs that use it are also decoded without it and with an
unrelated picture. A gain that remains with an unrelated picture comes from training, not from side information.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from simnet.bd_rate import Rates, bd_quality, bd_rate
from simnet.learn.evaluation import evaluation_options
from simnet.learn.evaluation.drives import Fit
from simnet.learn.evaluation.evaluation_pairs import EvaluationTask, Tasks, list_tasks
from simnet.learn.evaluation.evaluation_rows import (
    PictureScore,
    Point,
    curve,
    decoded,
)
from simnet.learn.evaluation.example_pictures import show
from simnet.learn.evaluation.offset_gain import gains
from simnet.learn.evaluation.picture_coding import PictureCoder
from simnet.learn.training_progress import progress
from simnet.library_threads import limited
from simnet.quality import METRICS

if TYPE_CHECKING:
    import numpy as np


@limited()
def evaluate(
    names: Sequence[str],
    codecs: Sequence[str],
    qualities: Sequence[float],
    anchor: str | None,
    size: tuple[int, int] | None = None,
    *,
    protocol: str | None = None,
    offsets: Sequence[int] = (0,),
    rates: Rates | None = None,
    both_directions: bool = False,
    most: int | None = None,
    unrelated: str | None = None,
    jobs: int = 1,
    examples: int = 0,
) -> dict[str, Any]:
    """Evaluate `codecs` (`name`, `name=model`, `name=model;model`) on the named data; `report.evaluation_page` takes the result.

    Args:
        names: Data sets, such as `pairs:DIR`.
        codecs: In the syntax of `evaluation_options.parse_codecs`.
        qualities: In [0, 1], ascending; a codec with one rate uses only the first.
        anchor: Reference of BD-rates: a codec, several separated by commas, or `all`; default: the last codec.
        size: (width, height) to which the centre crop of every picture is resized.
        protocol: Name of a paper's crop and size, instead of `size`.
        offsets: Frames by which the side picture is later; curves are measured at the first offset.
        rates: Range of bits per pixel that BD-rates are restricted to.
        both_directions: Also code the right pictures, with the left pictures as side information.
        most: Limit on the pairs of each drive.
        unrelated: Data set of the unrelated pictures.
        jobs: Number of threads; the results do not depend on it.
        examples: Number of example pictures to keep for the report page.
    """
    specs = evaluation_options.parse_codecs(",".join(codecs))
    anchors = evaluation_options.parse_anchors(anchor, [spec.label for spec in specs])
    choice = {"both_directions": both_directions, "most": most, "unrelated": unrelated}
    listed = list_tasks(names, Fit(protocol, size), offsets, **choice)
    first = listed.tasks[0].original.read()
    coders = [PictureCoder(spec, qualities, first) for spec in specs]
    scores = _scores(coders, listed.tasks, offsets[0], jobs)
    result = summary(scores, anchors, offsets, rates)
    return {
        **result,
        **_about(names, listed, first),
        "scores": [dataclasses.asdict(score) | {"bpp": score.bpp} for score in scores],
        "examples": show(coders, listed.tasks, result["points"], offsets, rates, examples) if examples else [],
    }


def _about(names: Sequence[str], listed: Tasks, first: np.ndarray) -> dict[str, Any]:
    return {
        "data": ", ".join(names),
        "names": list(names),
        "protocol": listed.tasks[0].original.fit.protocol,
        "size": list(first.shape[1::-1]),
        "pictures": len(listed.tasks),
        "left_out": listed.left_out,
        "unrelated": listed.unrelated,
    }


def summary(
    scores: Sequence[PictureScore], anchors: Sequence[str], offsets: Sequence[int], rates: Rates | None
) -> dict[str, Any]:
    """Curves, controls, differences and offsets of every codec, as values that JSON can represent."""
    by_codec: dict[str, list[PictureScore]] = {}
    for score in scores:
        by_codec.setdefault(score.codec, []).append(score)
    ways = {name: _ways(own, offsets[0]) for name, own in by_codec.items()}
    points = {name: own.get("with", own["none"]) for name, own in ways.items()}
    controls = {
        name: {way: own[way] for way in ("none", "unrelated") if way in own}
        for name, own in ways.items()
        if "with" in own
    }
    compared = {each: {name: compare(points[each], own, rates) for name, own in points.items()} for each in anchors}
    main = compared[anchors[0]]
    return {
        "anchor": anchors[0],
        "anchors": list(anchors),
        "rates": list(rates) if rates else None,
        "points": points,
        "controls": controls,
        "bd_rate": {
            name: {metric: own[f"bd_rate_{metric}"]["value"] for metric in ("psnr", "ms_ssim")}
            for name, own in main.items()
        },
        "bd_psnr": {name: own["bd_psnr"]["value"] for name, own in main.items()},
        "comparisons": compared,
        "side_information": {
            name: {way: compare(own["none"], own[way], rates) for way in ("with", "unrelated") if way in own}
            for name, own in ways.items()
            if "with" in own
        },
        "offsets": {
            name: gains(by_codec[name], offsets, rates) for name in controls if len(offsets) > 1 or offsets[0] != 0
        },
    }


def compare(anchor: Sequence[Point], points: Sequence[Point], rates: Rates | None) -> dict[str, Any]:
    """BD-rate by each metric and BD-PSNR, each with its interval, or with the reason why it is undefined."""
    deltas = {f"bd_rate_{metric.removesuffix('_db')}": bd_rate(anchor, points, metric, rates) for metric in METRICS}
    deltas["bd_psnr"] = bd_quality(anchor, points, "psnr_db", rates)
    return {name: dataclasses.asdict(delta) for name, delta in deltas.items()}


def _ways(scores: Sequence[PictureScore], offset: int) -> dict[str, list[Point]]:
    curves = {way: curve(decoded(scores, way, offset)) for way in ("with", "none", "unrelated")}
    return {way: points for way, points in curves.items() if points}


def _scores(
    coders: Sequence[PictureCoder], tasks: Sequence[EvaluationTask], offset: int, jobs: int
) -> list[PictureScore]:
    """All scores in the order of codecs and pictures, for any number of threads."""
    work = [(coder, task) for coder in coders for task in tasks]

    def measure(item: tuple[PictureCoder, EvaluationTask]) -> list[PictureScore]:
        coder, task = item
        return list(coder.scores(task, offset))

    found: list[PictureScore] = []
    pool = ThreadPoolExecutor(jobs)
    try:
        with progress(len(work), 0, "evaluate") as tell:
            for done, scores in enumerate(pool.map(measure, work), start=1):
                found += scores
                tell(done, 0.0)
    finally:
        pool.shutdown(cancel_futures=True)
    return found
