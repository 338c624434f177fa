"""The report room: rows become tables, curves, pictures and one page to open in a browser.

What lives here: reading a run folder, the numbers of a run, the figures and the HTML page of a run and of an evaluation.
What must not: anything that runs, decodes or scores. The page shows what the rows say, so it can be made again from the
folder alone, years later, without the codec or the world that made it. Importing the room imports nothing heavy.

    folder ──▶ summary, gain, series, plan ──▶ tables, figures, pictures ──▶ page
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write"]


def write(run_dir: Path) -> Path:
    """Write `run_dir/report.html`, one page that needs no network, and return its path.

    Reads `rows.parquet`, `links.parquet`, `run.json` and `pictures/`, nothing else.

    Raises:
        InputError: The folder is not a run's, or a file in it cannot be read.
    """
    from simnet.report.page import write_page

    return write_page(run_dir)
