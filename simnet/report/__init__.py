"""Reports: HTML pages about runs, sweeps and evaluations, made from their result files.

    runfolder ──▶ run: run_tables, gain, figures/, kept_pictures ────────────▶ page_template ──▶ report.html
              └─▶ sweep: sweeps/ (grid, samples, views, tables, verdicts) ───▶      │        ──▶ report.html, comparison.html
    learn ─────▶ EvaluationResult: evaluation_tables, evaluation_gallery ────▶      │        ──▶ evaluation.html

Rules: a report runs, decodes and scores nothing. It can be made again from the folder alone, without the codec or the world of
the run. It reads folders through `runfolder` and takes figures from `row_statistics`. The package has no heavy imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write"]


def write(*folders: Path, out: Path | None = None) -> Path:
    """Write one self-contained page about the folders of runs and sweeps, and return its path.

    A single folder's page is its `report.html`. The page that compares several is `comparison.html` in the working directory.
    `out` names another file. The only inputs are files of runs and sweeps: manifests, tables, points, kept pictures.

    Raises:
        InputError: A folder is neither a run's nor a sweep's, a file in it is unreadable, or the page cannot be written.
    """
    from simnet.report import page_template
    from simnet.report.sweeps.sweep_page import write as write_sweeps
    from simnet.runfolder import sweep_reader

    if len(folders) == 1 and not sweep_reader.is_sweep(folders[0]):
        return page_template.write_page(folders[0], out)
    return write_sweeps(folders, out)
