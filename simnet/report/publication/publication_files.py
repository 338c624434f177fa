"""Writer of a publication's files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simnet.output_files import make_folder, write_whole
from simnet.report.publication import matplotlib_figures, table_files
from simnet.report.publication.publication_kinds import (
    FIGURES_FOLDER,
    SUFFIXES,
    TABLES_FOLDER,
    FileKinds,
    Publication,
)


def write(
    publication: Publication,
    folder: Path,
    kinds: FileKinds,
    tell: Callable[[int, int], object] = lambda done, total: None,
) -> list[Path]:
    """Write `folder/figures/NAME.svg` and `folder/tables/NAME.tex`, one file for each kind; return their paths.

    `tell` is told how many of the figures are written.

    Raises:
        InputError: matplotlib is not installed.
        OutputError: A file cannot be written.
    """
    drawn = {
        folder / FIGURES_FOLDER / f"{name}.{kind}": (figure, kind)
        for name, figure in publication.figures.items()
        for kind in kinds.figures
    }
    for number, (path, (figure, kind)) in enumerate(drawn.items()):
        tell(number, len(drawn))
        _save(path, matplotlib_figures.save(figure, kind))
    typeset = {
        folder / TABLES_FOLDER / f"{name}{SUFFIXES[kind]}": (name, table, kind)
        for name, table in publication.tables.items()
        for kind in kinds.tables
    }
    for path, (name, table, kind) in typeset.items():
        text = table_files.latex(table, name) if kind == "latex" else table_files.comma_separated(table)
        _save(path, text.encode())
    return [*drawn, *typeset]


def _save(path: Path, data: bytes) -> None:
    make_folder(path.parent)
    write_whole(path, data)
