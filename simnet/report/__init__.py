"""The report room: rows become tables, curves, pictures and one page to open in a browser.

What lives here: reading folders of runs and sweeps, their numbers, and the figures and HTML pages of runs, sweeps and
evaluations.
What must not: anything that runs, decodes or scores. The page shows what the rows say, so it can be made again from the
folder alone, years later, without the codec or the world that made it. Importing the room imports nothing heavy.

    folder ──▶ summary, gain, series, plan ──▶ tables, figures, pictures ──▶ page
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write"]


def write(*folders: Path, out: Path | None = None) -> Path:
    """Write one page that needs no network about the folders of runs and sweeps, and return its path.

    A folder's own page is its `report.html`; several folders are compared, in `comparison.html` here unless `out` says where.
    Nothing is read but what runs and sweeps leave: rows, `run.json`, what was asked for, and kept pictures.

    Raises:
        InputError: A folder is neither a run's nor a sweep's, a file in it cannot be read, or the page cannot be written.
    """
    from simnet.report import page_template
    from simnet.report.sweeps.sweep_page import write as write_sweeps
    from simnet.runfolder import sweep_reader

    if len(folders) == 1 and not sweep_reader.is_sweep(folders[0]):
        return page_template.write_page(folders[0], out)
    return write_sweeps(folders, out)
