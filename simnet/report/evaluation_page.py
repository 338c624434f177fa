"""Writer of an evaluation's page and of its scores for each picture."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from simnet.errors import InputError
from simnet.output_files import make_folder, whole, write_whole
from simnet.report import evaluation_tables, evaluation_verdict, published_points
from simnet.report.evaluation_gallery import gallery
from simnet.report.evaluation_result import EvaluationResult
from simnet.report.figures.figure import Figure
from simnet.report.figures.offset_figures import gains
from simnet.report.figures.rate_distortion import curves
from simnet.report.formatting import few_pictures
from simnet.report.kept_pictures import ERROR_FACTOR
from simnet.report.page_template import finite, render

__all__ = ["EvaluationResult", "prepare", "write"]

PAGE, SCORES, RESULT = "evaluation.html", "pictures.csv", "evaluation.json"
_NOT_KEPT = ("examples", "scores")
"""Parts of a result that are in the page and in `SCORES`."""


def prepare(out_dir: Path) -> None:
    """Make the folder of an evaluation, before the evaluation starts.

    Raises:
        InputError: The folder already holds an evaluation.
        OutputError: It cannot be made.
    """
    make_folder(out_dir)
    for name in (PAGE, SCORES, RESULT):
        if (out_dir / name).exists():
            raise InputError(f"{out_dir}: holds an evaluation already ({name}); expected another folder")


def write(result: EvaluationResult, out_dir: Path, *, asked_published: bool = False) -> Path:
    """Write `out_dir/evaluation.html`, a self-contained page, `pictures.csv` and `evaluation.json`; return the page's path.

    Published points for KITTI Stereo are drawn if all data is KITTI Stereo, or if `asked_published` is True.

    Raises:
        OutputError: The folder cannot be written.
    """
    make_folder(out_dir)
    path = out_dir / PAGE
    if scores := result.get("scores"):
        with whole(out_dir / SCORES) as aside, aside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(scores[0]))
            writer.writeheader()
            writer.writerows(scores)
    kept = {key: value for key, value in result.items() if key not in _NOT_KEPT} | {"published": asked_published}
    write_whole(out_dir / RESULT, json.dumps(finite(kept), indent=1).encode())
    write_whole(path, _page(result, asked_published=asked_published).encode())
    return path


def is_evaluation(folder: Path) -> bool:
    """Return whether a folder holds an evaluation."""
    return (folder / RESULT).is_file()


def read(folder: Path) -> EvaluationResult:
    """Return the evaluation in a folder, without its examples and the scores of its pictures.

    Raises:
        InputError: It cannot be read, or simnet did not write it.
    """
    path = folder / RESULT
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        # What every part of the report relies on; the rest is optional.
        required = [found[key] for key in ("data", "names", "anchor", "anchors", "points", "comparisons", "pictures")]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"{path}: cannot be read ({reason}); expected what simnet evaluate --out writes") from error
    del required
    return found


def rate_figures(result: EvaluationResult, *, asked_published: bool = False) -> list[Figure]:
    """Return the curves by each metric, with published points if the data is theirs or they are asked for."""
    own = all(name.startswith(published_points.DATA) for name in result["names"])
    further = [
        (each["key"], f"{each['title']} ({each['unit']})" if each["unit"] else each["title"], each["title"])
        for each in (result.get("metrics") or ())[2:]
    ]
    return curves(
        result["points"],
        result.get("controls") or {},
        result["pictures"],
        published_points.curves() if own or asked_published else None,
        "published" if own else "published, KITTI Stereo: other pictures",
        further,
    )


def offset_figures(result: EvaluationResult) -> list[Figure]:
    """Return the gains by offset, if several were measured."""
    return gains(result.get("offsets") or {}, result["points"]) if result.get("offsets") else []


def _page(result: EvaluationResult, *, asked_published: bool) -> str:
    shown = gallery(result.get("examples") or ())
    return render(
        "evaluation.html",
        title=result["data"],
        result=result,
        error_factor=ERROR_FACTOR,
        few=few_pictures(result["pictures"]),
        verdict=evaluation_verdict.sentences(result),
        comparisons=list(evaluation_tables.comparisons(result)),
        complexity=evaluation_tables.complexity(result),
        side_information=evaluation_tables.side_information(result),
        offsets=evaluation_tables.offsets(result),
        points=evaluation_tables.points(result),
        gallery=shown,
        attention=finite(shown.attention),
        figures={
            "curves": rate_figures(result, asked_published=asked_published),
            "offsets": offset_figures(result),
        },
    )
