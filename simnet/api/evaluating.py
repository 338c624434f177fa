"""Function that evaluates codecs on pairs of pictures."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from simnet import code_files, compute_device
from simnet.api import validation
from simnet.api.evaluation_report import EvaluationReport
from simnet.api.running import new_folder

if TYPE_CHECKING:
    from simnet.report.evaluation_result import EvaluationResult


@validation.validated
def evaluate(
    data: validation.DataNames,
    codecs: validation.Codecs = ("atn", "factorized"),
    *,
    out: validation.FolderOrNone = None,
    anchors: validation.Anchors = None,
    rivals: validation.Switch = True,
    qualities: validation.Qualities = None,
    size: validation.PictureSize = None,
    protocol: validation.NameOrNone = None,
    offsets: validation.Offsets = (0,),
    rates: validation.RateRange = (0.05, 0.4),
    psnr_rates: validation.RateRange = (0.4, 1.0),
    metrics: validation.MetricNames = (),
    lpips_weights: validation.FileOrNone = None,
    tasks: validation.MetricNames = (),
    detector: validation.FileOrNone = None,
    truth: validation.FileOrNone = None,
    bootstrap: validation.Whole = 400,
    both_directions: validation.Switch = False,
    pictures: validation.Count = None,
    unrelated: validation.NameOrNone = None,
    jobs: validation.Workers = None,
    examples: validation.Whole = 3,
    allow_code: validation.Switch = False,
    device: validation.Device = None,
) -> EvaluationReport:
    """Measure rate and distortion of codecs on pairs of pictures from real bytes, write a folder, and return its report.

    Args:
        data: Data sets: `pairs:DIR`, `kitti-stereo:DIR`, `rendered:street`, ..., one or a list.
        codecs: Codecs: `name`, `name+fuse`, `name=model` or `name=model;model` (one curve), one or a list.
        out: The folder to write, without an evaluation in it; default: the first `runs/evaluation-<number>` that does not exist.
        anchors: Codecs that differences refer to, or `all`; None: the last of `codecs`. The rivals are anchors too.
        rivals: Whether to add HEVC intra, and with side information in play HEVC intra with the fusion stage behind it.
        qualities: Qualities to measure; None: 0, 0.1, ..., 1.
        size: Width and height to which the centre of every picture is cropped and resized; None: as it is.
        protocol: A paper's crop and size instead: `kitti` or `cityscapes`.
        offsets: Frames by which the side picture is later; curves are measured at the first.
        rates: Range of bits per pixel of BD-rates; None: whole curves.
        psnr_rates: Range of bits per pixel of BD-PSNR; None: whole curves.
        metrics: Further metrics: `xpsnr`, `vmaf`, `lpips`, or those of other packages.
        lpips_weights: File of weights of LPIPS, which adds the metric `lpips`.
        tasks: What to do with the decoded pictures: `stereo_depth`, `matching`, `detection`, or tasks of other packages.
        detector: A detector's ONNX file for `detection`; None: simnet's own, `street_cars`.
        truth: A file of true boxes in COCO's form for it; None: what is found in the originals.
        bootstrap: Number of replicates over drives and pictures, for 95 % intervals; 0: none.
        both_directions: Whether to code the right pictures too.
        pictures: The most pairs of each drive, evenly spaced; None: all.
        unrelated: Data set of the unrelated side pictures.
        jobs: Number of threads; None: one for each processor. The figures do not depend on it.
        examples: Number of pictures to show on the page.
        allow_code: Whether the code of codecs that are named by a file (`./mine.py:Codec`) may run.
        device: See `run`.

    Raises:
        SimnetError: An argument, the data, a codec, a metric or the folder has a fault; the message is one line.
    """
    from simnet import library_threads
    from simnet.learn.evaluation import evaluation_options, evaluator
    from simnet.report import evaluation_page

    names = [data] if isinstance(data, str) else list(data)
    folder, is_ours = (new_folder("evaluation"), True) if out is None else (Path(out), False)
    try:
        evaluation_page.prepare(folder)
        with code_files.permission(given=allow_code), compute_device.using(device):
            measured = evaluator.evaluate(
                evaluation_options.parse_data(names),
                [codecs] if isinstance(codecs, str) else list(codecs),
                sorted(qualities) if qualities is not None else evaluation_options.parse_qualities(None),
                None if anchors is None else anchors if isinstance(anchors, str) else ",".join(anchors),
                size,
                protocol=protocol,
                offsets=list(offsets),
                rates=rates,
                psnr_rates=psnr_rates,
                rivals=rivals,
                metrics=[metrics] if isinstance(metrics, str) else list(metrics),
                lpips_weights=None if lpips_weights is None else Path(lpips_weights),
                tasks=[tasks] if isinstance(tasks, str) else list(tasks),
                detector=None if detector is None else Path(detector),
                truth=None if truth is None else Path(truth),
                replicates=bootstrap,
                costs=True,
                both_directions=both_directions,
                most=pictures,
                unrelated=unrelated,
                jobs=jobs or library_threads.processors(),
                examples=examples,
                quiet=True,
            )
        evaluation_page.write(cast("EvaluationResult", measured), folder)
    except BaseException:
        if is_ours:
            with suppress(OSError):
                folder.rmdir()
        raise
    return EvaluationReport(folder)
