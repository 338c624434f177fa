"""Publications of runs, sweeps, comparisons and evaluations: the figures and tables of their pages, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from simnet.report import evaluation_page, evaluation_tables, evaluation_verdict, page_template
from simnet.report.evaluation_result import EvaluationResult
from simnet.report.figures.figure import Figure
from simnet.report.publication.publication_kinds import Publication
from simnet.report.run_tables import Table
from simnet.report.sweeps import sweep_page
from simnet.report.sweeps.views import ALL, PageView
from simnet.runfolder import sweep_reader

_UNSAFE = re.compile(r"[^A-Za-z0-9_]*[^A-Za-z0-9._][^A-Za-z0-9_]*")

_Content = TypeVar("_Content", Figure, Table)


def collect(folders: Sequence[Path]) -> Publication:
    """Return the publication of one run, one sweep, one evaluation, or several runs and sweeps in comparison.

    Raises:
        InputError: A folder is none of these, or a file in it is unreadable.
    """
    if len(folders) == 1 and evaluation_page.is_evaluation(folders[0]):
        return of_evaluation(evaluation_page.read(folders[0]))
    if len(folders) == 1 and not sweep_reader.is_sweep(folders[0]):
        return _of_run(folders[0])
    return _of_sweeps(folders)


def of_evaluation(result: EvaluationResult) -> Publication:
    """Return the publication of an evaluation's result."""
    asked = bool(result.get("published"))
    drawn = [*evaluation_page.rate_figures(result, asked_published=asked), *evaluation_page.offset_figures(result)]
    tables = [
        *((_comparison_name(table.caption), table) for table in evaluation_tables.comparisons(result)),
        ("side information", evaluation_tables.side_information(result)),
        ("offsets", evaluation_tables.offsets(result)),
        ("complexity", evaluation_tables.complexity(result)),
        ("points", evaluation_tables.points(result)),
        ("verdict", findings(evaluation_verdict.sentences(result))),
    ]
    return Publication(
        _numbered((file_name(figure.id), figure) for figure in drawn), named(tables), main="curve-psnr-db"
    )


def _comparison_name(caption: str) -> str:
    """Return `against ANCHOR`, or the measure of a table of all anchors."""
    start, _, end = caption.partition(", where")
    more = " further metrics" if end.endswith("further metrics") else ""
    return start.replace(", row against column", " all") + more


def file_name(*words: str) -> str:
    """Return words as one name of a file."""
    return "-".join(part for part in (_UNSAFE.sub("-", word).strip("-.") for word in words) if part).lower()


def named(tables: Iterable[tuple[str, Table | None]]) -> dict[str, Table]:
    """Return the tables that have rows, by names that are names of files."""
    return _numbered((file_name(name), table) for name, table in tables if table is not None and table.rows)


def findings(sentences: Sequence[str], title: str = "Verdict") -> Table:
    """Return sentences as a table."""
    return Table(title, ("finding",), [(sentence,) for sentence in sentences], words=frozenset({"finding"}))


def _of_run(folder: Path) -> Publication:
    parts = page_template.contents(folder)
    every: list[Figure] = []
    for group in parts["figures"].values():
        every += [group] if isinstance(group, Figure) else group
    names = ("quality", "outcomes", "tasks", "links", "events", "side", "timings")
    tables = named((name.replace("side", "side-information"), parts[name]) for name in names)
    return Publication(_numbered((_figure_name(figure), figure) for figure in every), tables, main="over-time")


def _numbered(contents: Iterable[tuple[str, _Content]]) -> dict[str, _Content]:
    """Return figures or tables by name; links and codecs can differ in a letter that no name of a file has."""
    made: dict[str, _Content] = {}
    for name, each in contents:
        own, number = name, 2
        while own in made:
            own, number = f"{name}-{number}", number + 1
        made[own] = each
    return made


def _figure_name(figure: Figure) -> str:
    """Return a figure's name; that of a link has the link's own name instead of its number."""
    return file_name("link", figure.title) if figure.id.startswith("link-") else file_name(figure.id)


def _of_sweeps(folders: Sequence[Path]) -> Publication:
    figures: list[tuple[str, Figure]] = []
    tables: list[tuple[str, Table | None]] = []
    for view, drawn, written in sweep_page.contents(folders):
        where = _where(view)
        for name, choices in drawn.items():
            for number, figure in enumerate(choices):
                setting = view.places[number].setting if len(choices) > 1 else ""
                figures.append((file_name(*where, name, setting), figure))
        tables += ((" ".join([*where, name]), table) for name, table in _tables(written))
    return Publication(_numbered(figures), named(tables), main="psnr-offered")


def _where(view: PageView) -> list[str]:
    """Return what tells a view's files from those of the others: nothing for all streams of the only case."""
    return [view.case] * bool(view.case) + [view.stream] * (view.stream != ALL)


def _tables(written: sweep_page.ViewTables) -> Iterator[tuple[str, Table]]:
    yield "figures", written.figures
    yield "verdict", findings(written.verdict)
    if written.tasks is not None:
        yield "tasks", written.tasks
    for number, table in enumerate(written.needed):
        yield f"needed {('psnr', 'ms-ssim')[number] if len(written.needed) == 2 else number}", table
    for anchor, table in written.anchors:
        yield f"bd rate against {anchor}", table
