"""Writer of an evaluation's page and of its scores for each picture."""

from __future__ import annotations

import csv
from pathlib import Path

from simnet.errors import InputError
from simnet.output_files import make_folder, whole, write_whole
from simnet.report import evaluation_tables, published_points
from simnet.report.evaluation_gallery import gallery
from simnet.report.evaluation_result import EvaluationResult
from simnet.report.figures.offset_figures import gains
from simnet.report.figures.rate_distortion import curves
from simnet.report.formatting import few_pictures
from simnet.report.kept_pictures import ERROR_FACTOR
from simnet.report.page_template import finite, render

__all__ = ["EvaluationResult", "prepare", "write"]

PAGE, SCORES = "evaluation.html", "pictures.csv"


def prepare(out_dir: Path) -> None:
    """Make the folder of an evaluation, before the evaluation starts.

    Raises:
        InputError: The folder already holds an evaluation.
        OutputError: It cannot be made.
    """
    make_folder(out_dir)
    for name in (PAGE, SCORES):
        if (out_dir / name).exists():
            raise InputError(f"{out_dir}: holds an evaluation already ({name}); expected another folder")


def write(result: EvaluationResult, out_dir: Path, *, asked_published: bool = False) -> Path:
    """Write `out_dir/evaluation.html`, a self-contained page, and `pictures.csv`; return the page's path.

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
    write_whole(path, _page(result, asked_published=asked_published).encode())
    return path


def _page(result: EvaluationResult, *, asked_published: bool) -> str:
    own = all(name.startswith(published_points.DATA) for name in result["names"])
    words = "published" if own else "published, KITTI Stereo: other pictures"
    shown = gallery(result.get("examples") or ())
    return render(
        "evaluation.html",
        title=result["data"],
        result=result,
        error_factor=ERROR_FACTOR,
        few=few_pictures(result["pictures"]),
        comparisons=list(evaluation_tables.comparisons(result)),
        side_information=evaluation_tables.side_information(result),
        offsets=evaluation_tables.offsets(result),
        points=evaluation_tables.points(result),
        gallery=shown,
        attention=finite(shown.attention),
        figures={
            "curves": curves(
                result["points"],
                result.get("controls") or {},
                result["pictures"],
                published_points.curves() if own or asked_published else None,
                words,
            ),
            "offsets": gains(result.get("offsets") or {}, result["points"]) if result.get("offsets") else [],
        },
    )
