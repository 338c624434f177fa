"""Rate-distortion evaluation of codecs on picture pairs: real bytes, decoded pictures, BD-rates against anchors.

One view is coded; the other is the decoder's side information. Codecs that use it are also decoded without it and with an
unrelated picture. A gain that remains with an unrelated picture comes from training, not from side information.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.bd_rate import Rates
from simnet.errors import SimnetError
from simnet.learn.evaluation import complexity, evaluation_options, picture_metrics
from simnet.learn.evaluation.drives import Fit
from simnet.learn.evaluation.evaluation_options import CodecChoice
from simnet.learn.evaluation.evaluation_pairs import EvaluationTask, Tasks, list_tasks
from simnet.learn.evaluation.evaluation_rows import PictureScore
from simnet.learn.evaluation.evaluation_summary import Comparison, summary
from simnet.learn.evaluation.evaluation_tasks import EvaluationTasks
from simnet.learn.evaluation.example_pictures import show
from simnet.learn.evaluation.picture_coding import PictureCoder
from simnet.learn.evaluation.picture_metrics import PictureMetric
from simnet.learn.training_progress import progress, warn
from simnet.library_threads import limited
from simnet.progress import Work

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
    psnr_rates: Rates | None = None,
    rivals: bool = False,
    metrics: Sequence[str] = (),
    lpips_weights: Path | None = None,
    tasks: Sequence[str] = (),
    detector: Path | None = None,
    truth: Path | None = None,
    replicates: int = 0,
    costs: bool = False,
    both_directions: bool = False,
    most: int | None = None,
    unrelated: str | None = None,
    jobs: int = 1,
    examples: int = 0,
    quiet: bool = False,
) -> dict[str, Any]:
    """Evaluate `codecs` (`name`, `name=model`, `name=model;model`) on the named data; `report.evaluation_page` takes the result.

    Args:
        names: Data sets, such as `pairs:DIR`.
        codecs: In the syntax of `evaluation_options.parse_codecs`.
        qualities: In [0, 1], ascending; a codec with one rate uses only the first.
        anchor: Reference of BD-rates: a codec, several separated by commas, or `all`; default: the last codec, then the rivals.
        size: (width, height) to which the centre crop of every picture is resized.
        protocol: Name of a paper's crop and size, instead of `size`.
        offsets: Frames by which the side picture is later; curves are measured at the first offset.
        rates: Range of bits per pixel that BD-rates are restricted to.
        psnr_rates: The same for BD-PSNR.
        rivals: Whether to add HEVC intra, and with side information in play also HEVC intra with the fusion stage.
        metrics: Further metrics, of `picture_metrics.names`.
        lpips_weights: File of weights for the metric `lpips`.
        tasks: Tasks to do with each decoded picture, of `simnet.tasks.task_registry.names`.
        detector: A detector's ONNX file for the task `detection`; None: simnet's own.
        truth: A file of true boxes in COCO's form for it; None: what is found in the originals.
        replicates: Number of replicates of the bootstrap; 0 for no intervals.
        costs: Whether to measure each codec's complexity.
        both_directions: Also code the right pictures, with the left pictures as side information.
        most: Limit on the pairs of each drive.
        unrelated: Data set of the unrelated pictures.
        jobs: Number of threads; the results do not depend on it.
        examples: Number of example pictures to keep for the report page.
        quiet: Whether to show no progress, and to warn as Python does instead of on standard error.
    """
    named = evaluation_options.parse_codecs(",".join(codecs))
    added = evaluation_options.rivals_of(named) if rivals else []
    anchors = evaluation_options.parse_anchors(anchor, [spec.label for spec in named], [spec.label for spec in added])
    more = picture_metrics.open_metrics(metrics, lpips_weights)
    done = EvaluationTasks(tasks, detector, truth) if tasks or detector or truth else None
    choice = {"both_directions": both_directions, "most": most, "unrelated": unrelated}
    listed = list_tasks(names, Fit(protocol, size), offsets, **choice)
    first = listed.tasks[0].original.read()
    coders = [PictureCoder(spec, qualities, first, more, done) for spec in named]
    coders += _rivals(added, qualities, first, more, done, quiet=quiet)
    here = {coder.spec.label for coder in coders}
    anchors = [each for each in anchors if each in here]
    scores = _scores(coders, listed.tasks, offsets[0], jobs, quiet=quiet)
    compared = [*more, *(done.compared if done else ())]
    result = summary(scores, Comparison(anchors, offsets, rates, psnr_rates, compared, replicates))
    if done is not None:
        result["metrics"] = done.described(result["metrics"], result["points"])
    return {
        **result,
        **_about(names, listed, first),
        "complexity": complexity.measured(coders, listed.tasks[0]) if costs else {},
        "scores": [score.plain() for score in scores],
        "examples": show(coders, listed.tasks, result["points"], offsets, rates, examples, quiet=quiet)
        if examples
        else [],
    }


def _rivals(
    specs: Sequence[CodecChoice],
    qualities: Sequence[float],
    first: np.ndarray,
    metrics: Sequence[PictureMetric],
    tasks: EvaluationTasks | None,
    *,
    quiet: bool,
) -> list[PictureCoder]:
    """Open the codecs that nobody named; one that is not to be had here is told, and left out."""
    found = []
    for spec in specs:
        try:
            found.append(PictureCoder(spec, qualities, first, metrics, tasks))
        except SimnetError as error:
            text = f"no comparison with {spec.label}: {error}"
            if quiet:
                warnings.warn(text, stacklevel=2)
            else:
                warn(text)
    return found


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


def _scores(
    coders: Sequence[PictureCoder], tasks: Sequence[EvaluationTask], offset: int, jobs: int, *, quiet: bool
) -> list[PictureScore]:
    """All scores in the order of codecs and pictures, for any number of threads.

    Pictures are coded one after another by all codecs, so that the time left is known once a few pictures are done.
    """
    found: dict[tuple[int, int], list[PictureScore]] = {}
    pool = ThreadPoolExecutor(jobs)
    try:
        with progress(Work("evaluate", len(coders) * len(tasks), "pictures"), quiet=quiet) as tell:
            tell(0, 0.0)
            measured = {
                pool.submit(lambda coder, task: list(coder.scores(task, offset)), coder, task): (number, place)
                for place, task in enumerate(tasks)
                for number, coder in enumerate(coders)
            }
            for future in as_completed(measured):
                found[measured[future]] = future.result()
                tell(len(found), 0.0)
    finally:
        pool.shutdown(cancel_futures=True)
    return [score for place in sorted(found) for score in found[place]]
