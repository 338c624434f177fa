"""Writer of the page about one sweep, or about several folders in comparison."""

from __future__ import annotations

import base64
import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from simnet.errors import InputError
from simnet.report.figures.figure import Figure
from simnet.report.page_template import finite, render, save
from simnet.report.run_tables import Table
from simnet.report.sweeps import (
    compare,
    displayed_gallery,
    repeat,
    run_source,
    samples,
    sweep_tables,
    task_tables,
    verdict,
    views,
)
from simnet.report.sweeps.comparison_grid import (
    BANDWIDTH,
    ComparedFolder,
    ComparisonGrid,
    grid,
)
from simnet.report.sweeps.figures import curves, side_gain_figures, task_figures, time_figures
from simnet.report.sweeps.samples import SweepSamples
from simnet.report.sweeps.sweep_formatting import counted, place
from simnet.report.sweeps.views import PageView
from simnet.runfolder import sweep_reader
from simnet.runfolder.folder_names import COMPARISON, PAGE


@dataclass(frozen=True, slots=True)
class ViewTables:
    """Tables and verdict of one view of a sweep."""

    figures: Table
    verdict: Sequence[str]
    needed: Sequence[Table]
    anchors: Sequence[tuple[str, Table]]
    tasks: Table | None


def contents(folders: Sequence[Path]) -> Iterator[tuple[PageView, Mapping[str, Sequence[Figure]], ViewTables]]:
    """Yield each view of the page about these folders, with its figures by name and its tables.

    Raises:
        InputError: See `write`.
    """
    found = samples.read(_grid(folders))
    for view in views.views(found):
        yield view, _figures(found, view), _tables(view)


def write(folders: Sequence[Path], out: Path | None = None) -> Path:
    """Write one page about these folders of sweeps or runs, and return its path.

    Without `out`, a single sweep's page goes into its folder; a comparison goes to `comparison.html` in the working directory.

    Raises:
        InputError: A folder is neither a sweep's nor a run's, a file in it is unreadable, or the page cannot be written.
    """
    path = out or (folders[0] / PAGE if len(folders) == 1 else Path(COMPARISON))
    save(path, render("sweep.html", **_context(samples.read(_grid(folders)))))
    return path


def _grid(folders: Sequence[Path]) -> ComparisonGrid:
    asked = grid(_named(folders))
    if not asked.cases:
        raise InputError(
            f"{', '.join(map(str, folders))}: nothing was asked for; expected a sweep with at least one cell"
        )
    return asked


def _named(paths: Sequence[Path]) -> list[ComparedFolder]:
    names = [path.resolve().name for path in paths]
    labels = [name if names.count(name) == 1 else str(path) for name, path in zip(names, paths, strict=True)]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise InputError(f"{twice}: named twice; expected folders that differ")
    return [
        ComparedFolder(
            label if len(paths) > 1 else "",
            sweep_reader.read(path) if sweep_reader.is_sweep(path) else run_source.read(path),
            str(path),
        )
        for label, path in zip(labels, paths, strict=True)
    ]


def _context(found: SweepSamples) -> dict[str, Any]:
    every = views.views(found)
    drawn = {view.id: _figures(found, view) for view in every}
    first: dict[str, Figure] = {}
    for named in drawn.values():
        for name, figures in named.items():
            first.setdefault(name, figures[0])
    images = displayed_gallery.gallery(found.pictures)
    return {
        "title": _title(found.grid),
        "lead": _lead(found),
        "cases": found.grid.cases[: views.MOST_CASES],
        "more_cases": len(found.grid.cases) - views.MOST_CASES,
        "streams": list(dict.fromkeys(view.stream for view in every)),
        "views": [_words(view) for view in every],
        "anchors": found.grid.curves,
        "settings": [(spot.setting, place(found.grid.axis, spot.x, spot.setting)) for spot in every[0].places],
        "setting_title": "Bandwidth offered" if found.grid.axis.kind == BANDWIDTH else found.grid.axis.key,
        "figures": first,
        "task_figures": [figure for name, figure in first.items() if name.startswith(task_figures.PREFIX)],
        "choices": finite(_choices(drawn)),
        "absent": sweep_tables.absent(found),
        "differences": compare.differences(found),
        "compared": compare.sentences(found),
        "placeless": ", ".join(found.facts.placeless),
        "gallery": images,
        "pictures": images.streams,
        "commands": repeat.commands(found),
        "facts": repeat.facts(found),
        "rows": len(found.rows),
        "packed": _packed(found),
    }


def _title(found: ComparisonGrid) -> str:
    if len(found.folders) > 1:
        return " and ".join(folder.label for folder in found.folders) if len(found.folders) < 4 else "Comparison"
    names = dict.fromkeys(point.scenario for folder in found.folders for point in folder.source.points)
    return ", ".join(names) or "Empty sweep"


def _lead(found: SweepSamples) -> str:
    axis = found.grid.axis
    swept = [axis.key] * bool(axis.key) + list(found.grid.keys)
    seeds = {point.seed for folder in found.grid.folders for point in folder.source.points}
    asked = sum(found.asked.values())
    return (
        f"{counted(len(found.grid.curves), 'curve')}, {counted(len(seeds), 'seed')}, {asked - len(found.absent)} of "
        f"{counted(asked, 'cell')}; swept: {', '.join(swept) or 'nothing'}."
    )


def _words(view: PageView) -> dict[str, Any]:
    return {"id": view.id, "stream": view.stream, **_asdict(_tables(view))}


def _asdict(tables: ViewTables) -> dict[str, Any]:
    return {field.name: getattr(tables, field.name) for field in fields(tables)}


def _tables(view: PageView) -> ViewTables:
    several = len(view.measured) > 1
    return ViewTables(
        figures=sweep_tables.figures(view),
        verdict=verdict.verdict(view),
        needed=sweep_tables.needed(view),
        anchors=[(curve, sweep_tables.against(view, curve)) for curve in view.measured] if several else [],
        tasks=task_tables.tasks(view),
    )


def _figures(found: SweepSamples, view: PageView) -> dict[str, list[Figure]]:
    """Return the figures by name; latency has one figure for every setting."""
    known = {(curve, setting): own for curve, setting, own in views.times(found, view)}
    made = {
        figure.id: [figure]
        for figure in (
            *curves.curves(view),
            *task_figures.tasks(view),
            time_figures.age(view, known),
            time_figures.outcomes(view),
        )
    }
    made["latency"] = [time_figures.latency(view, known, spot.setting) for spot in view.places]
    return made | {figure.id: [figure] for figure in side_gain_figures.gain(found, view)}


def _choices(drawn: Mapping[str, Mapping[str, Sequence[Figure]]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the figures that the page's script swaps, by figure and view: one, or one for each setting."""
    made: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for view, named in drawn.items():
        for name, figures in named.items():
            made.setdefault(f"plot-{name}", {})[view] = [
                {"data": figure.data, "layout": figure.layout, "alt": figure.alt} for figure in figures
            ]
    return made


def _packed(found: SweepSamples) -> str:
    """Return all rows as compressed CSV in base64."""
    text = io.StringIO(newline="")
    lines = csv.DictWriter(text, sweep_tables.ordered_columns(found), restval="", lineterminator="\n")
    lines.writeheader()
    lines.writerows(
        {"folder": each.folder, **each.row} if len(found.grid.folders) > 1 else each.row for each in found.rows
    )
    return base64.b64encode(gzip.compress(text.getvalue().encode(), 9, mtime=0)).decode()
