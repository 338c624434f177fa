"""Kinds of files for a paper, and the parsers of the options that name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simnet.errors import InputError
from simnet.report.figures.figure import Figure
from simnet.report.run_tables import Table

FIGURES = ("svg", "pdf", "png")
TABLES = ("latex", "csv")
SUFFIXES = {"latex": ".tex", "csv": ".csv"}
FIGURES_FOLDER, TABLES_FOLDER = "figures", "tables"


@dataclass(frozen=True, slots=True)
class Publication:
    """Figures and tables by name; a name is also the name of a file, without its ending."""

    figures: Mapping[str, Figure] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    main: str = ""
    """Name of the figure that shows the result at a glance."""


@dataclass(frozen=True, slots=True)
class FileKinds:
    """Kinds to write: of `FIGURES` and of `TABLES`."""

    figures: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to write."""
        return bool(self.figures or self.tables)


def parse(figures: str | Sequence[str] | None, tables: str | Sequence[str] | None) -> FileKinds:
    """Return the kinds of `--figures svg,pdf` and `--tables latex,csv`.

    Raises:
        InputError: A kind is unknown or named twice.
    """
    return FileKinds(_kinds("--figures", figures, FIGURES), _kinds("--tables", tables, TABLES))


def _kinds(option: str, asked: str | Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    if asked is None:
        return ()
    names = tuple(part.strip() for part in (asked.split(",") if isinstance(asked, str) else asked))
    text = ",".join(names)
    if unknown := [name for name in names if name not in known]:
        raise InputError(
            f"{option} {text}: {unknown[0] or 'an empty name'}: unknown kind; expected {', '.join(known)}, or several of them"
        )
    if len(set(names)) < len(names):
        raise InputError(f"{option} {text}: names a kind twice")
    return names
