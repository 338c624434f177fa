"""`simnet evaluate`: measure rate-distortion curves from real bytes, BD-rates and the gain by side information."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from simnet.commands import code_options, device_options, publication_options
from simnet.errors import InputError

if TYPE_CHECKING:
    import argparse

    from simnet.report.evaluation_result import EvaluationResult

HELP = "measure rate and distortion of codecs on pairs of pictures"
EXAMPLE = "simnet evaluate --data rendered:street --pictures 2 --codec avif,jpeg --out runs/evaluation"
EXAMPLES = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    code_options.configure(parser)
    device_options.configure(parser)
    _configure_data(parser)
    _configure_measurement(parser)
    _configure_metrics(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for evaluation.html, evaluation.json and pictures.csv; default: write no files",
    )
    publication_options.configure(parser, "DIR")
    parser.add_argument(
        "--published",
        action="store_true",
        help="draw the published points of KITTI Stereo with other data too",
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")


def _configure_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        action="append",
        required=True,
        metavar="NAME",
        help="pairs:DIR, kitti-stereo:DIR, rendered:street, ...; may be repeated",
    )
    parser.add_argument(
        "--codec",
        default="atn,lowres",
        metavar="A,B",
        help="codecs: name, name+fuse, 'name{option: value}', FILE.py:CLASS, name=model, 'name=model;model' (one curve); "
        "default: atn,lowres",
    )
    parser.add_argument(
        "--no-rivals",
        dest="rivals",
        action="store_false",
        help="leave out hevc-intra and hevc-intra+fuse, with which every evaluation compares",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--protocol", metavar="NAME", help="crop and size of a paper: kitti, cityscapes; default: the data set's own"
    )
    size.add_argument("--size", metavar="WxH", help="centre-crop and resize the pictures first, e.g. 256x128")
    parser.add_argument("--both-directions", action="store_true", help="code the right pictures too")
    parser.add_argument("--pictures", metavar="N", help="at most N pairs of each drive, evenly spaced")
    parser.add_argument("--unrelated", metavar="NAME", help="data set to take the unrelated side pictures from")
    parser.add_argument(
        "--offset", metavar="K|A:B|K,K", help="delay of the side picture in frames; several make a curve, e.g. 0:10"
    )


def _configure_measurement(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--anchor",
        metavar="A,B",
        help="reference codecs of BD-rates, or all; default: the last of --codec, and the rivals",
    )
    parser.add_argument("--qualities", metavar="Q,Q", help="qualities to measure; default: 0,0.1,...,1")
    parser.add_argument(
        "--rates",
        metavar="LOW:HIGH[,LOW:HIGH]",
        help="bits per pixel of BD-rates, and of BD-PSNR, or all: whole curves; default: 0.05:0.4,0.4:1",
    )
    parser.add_argument(
        "--bootstrap",
        metavar="N",
        help="replicates over drives and pictures for 95 %% intervals, 0: none; default: 400",
    )
    parser.add_argument("--jobs", metavar="N", help="threads; default: one a processor")


def _configure_metrics(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--metrics", metavar="A,B", help="further metrics: xpsnr, vmaf, lpips, or those of other packages (simnet ls)"
    )
    parser.add_argument(
        "--tasks",
        metavar="A,B",
        help="what to do with the decoded pictures: stereo_depth, matching, detection, or tasks of other packages",
    )
    parser.add_argument(
        "--detector", type=Path, metavar="FILE", help="ONNX file of the task detection; default: simnet's street_cars"
    )
    parser.add_argument(
        "--truth", type=Path, metavar="FILE", help="true boxes in COCO's form; default: what is found in the originals"
    )
    parser.add_argument(
        "--lpips-weights", type=Path, metavar="FILE", help="weights of LPIPS, which adds the metric lpips"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Measure the codecs, print the results and write the page, figures and tables."""
    from simnet import console
    from simnet.report import evaluation_page

    asked = publication_options.kinds(arguments)
    if asked and not arguments.out:
        raise InputError("--figures and --tables: no folder to write them into; expected --out DIR too")
    if arguments.out:
        evaluation_page.prepare(arguments.out)
    result = _measured(arguments)
    page = evaluation_page.write(result, arguments.out, asked_published=arguments.published) if arguments.out else None
    written = publication_options.write([arguments.out], arguments.out, asked, quiet=arguments.json) if page else []
    if arguments.json:
        plain = {key: value for key, value in result.items() if key not in ("examples", "scores")}
        paths = {"report": str(page) if page else None, "published": [str(path) for path in written]}
        sys.stdout.write(json.dumps(plain | paths) + "\n")
    else:
        console.show_evaluation(result, page, written)
    return 0


def _measured(arguments: argparse.Namespace) -> EvaluationResult:
    from simnet import library_threads
    from simnet.learn.evaluation import bootstrap, evaluation_options, evaluator

    rates, psnr_rates = evaluation_options.parse_rates(arguments.rates)
    replicates = evaluation_options.parse_count("--bootstrap", arguments.bootstrap, least=0)
    measured = evaluator.evaluate(
        evaluation_options.parse_data(arguments.data),
        [arguments.codec],
        evaluation_options.parse_qualities(arguments.qualities),
        arguments.anchor,
        evaluation_options.parse_size(arguments.size),
        protocol=arguments.protocol,
        offsets=evaluation_options.parse_offsets(arguments.offset),
        rates=rates,
        psnr_rates=psnr_rates,
        rivals=arguments.rivals,
        metrics=() if arguments.metrics is None else [name.strip() for name in arguments.metrics.split(",")],
        lpips_weights=arguments.lpips_weights,
        tasks=() if arguments.tasks is None else [name.strip() for name in arguments.tasks.split(",")],
        detector=arguments.detector,
        truth=arguments.truth,
        replicates=bootstrap.REPLICATES if replicates is None else replicates,
        costs=True,
        both_directions=arguments.both_directions,
        most=evaluation_options.parse_count("--pictures", arguments.pictures),
        unrelated=arguments.unrelated,
        jobs=evaluation_options.parse_count("--jobs", arguments.jobs) or library_threads.processors(),
        examples=EXAMPLES if arguments.out else 0,
    )
    return cast("EvaluationResult", measured)
