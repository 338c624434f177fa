"""Self-contained pages: this package's templates, rendered, with the plotting library inlined once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from simnet.many_streams import MOST_STREAMS
from simnet.output_files import write_whole
from simnet.printable import printable
from simnet.report import configuration, excerpt, kept_pictures, run_tables
from simnet.report.figures import (
    gain_figures,
    latency_figures,
    link_figures,
    scenario_map,
    stream_figures,
)
from simnet.report.figures.figure import Figure
from simnet.report.formatting import (
    MISSING,
    number,
    percent,
    signed,
)
from simnet.report.gain import measure
from simnet.row_statistics import StreamFigures, side_gain_db, summarise
from simnet.runfolder import run_reader
from simnet.runfolder.folder_names import MANIFEST, PAGE
from simnet.runfolder.run_manifest import RunManifest
from simnet.runfolder.run_reader import RunFolder

MOST_TEXT = 50_000
"""Characters of a scenario's text on its page."""
LAYOUT = "\n\t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
"""Characters without a glyph that texts of pages may have: those between lines, columns, and a number's groups of digits."""
PLOTLY = Path(__file__).with_name("assets") / "plotly-cartesian.min.js"
"""plotly.js 4.1.1 with lines, bars and boxes alone (npm's plotly.js-cartesian-dist-min): a third of the whole."""


def write_page(run_dir: Path, out: Path | None = None) -> Path:
    """Write a run's page to `out`, by default to `PAGE` in its folder; see `simnet.report.write`."""
    path = out or run_dir / PAGE
    save(path, render("run.html", **contents(run_dir)))
    return path


def contents(run_dir: Path) -> dict[str, Any]:
    """Return what a run's page shows, by the names of its template: `figures`, tables, and texts."""
    outline = run_reader.read_outline(run_dir)
    figures = outline.manifest.summary.streams
    if len(figures) <= MOST_STREAMS:
        run = run_reader.read(run_dir)
        return _context(run, summarise(run.rows, run.virtual_s))
    chosen, overview = excerpt.selection(outline)
    run = run_reader.read_selected(outline, chosen)
    part = replace(run, manifest=replace(run.manifest, scenario=excerpt.part_of(run.scenario, chosen)))
    shown = _context(part, {name: own for name, own in figures.items() if name in chosen.streams})
    shown["figures"]["map"] = scenario_map.overview(run.scenario)
    return shown | {"overview": overview, "cards": _cards_of_all(run, figures)}


def save(path: Path, page: str) -> None:
    """Write a page atomically.

    Raises:
        OutputError: The file cannot be written.
    """
    write_whole(path, page.encode())


def render(template: str, *, figures: Mapping[str, Figure | Sequence[Figure]], **context: Any) -> str:
    """Return the page rendered from a template. Every name is escaped; the figures are data for `glue.js`."""
    environment = Environment(
        loader=PackageLoader("simnet.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: printable(value, keep=LAYOUT) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    every = [one for group in figures.values() for one in ([group] if isinstance(group, Figure) else group)]
    plots = finite([{"id": f"plot-{figure.id}", "data": figure.data, "layout": figure.layout} for figure in every])
    return environment.get_template(template).render(
        figures=figures, plots=plots, plotly_js=Markup(PLOTLY.read_text(encoding="utf-8")), missing=MISSING, **context
    )


def finite(value: Any) -> Any:
    """Return `value` with None for every number that JSON cannot represent (infinity, NaN)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [finite(inner) for inner in value]
    return value


def _context(run: RunFolder, summaries: Mapping[str, StreamFigures]) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "title": run.scenario.name,
        "overview": None,
        "scenario": run.scenario,
        "cards": _cards(run, summaries),
        "asked": configuration.tables(run.scenario),
        "quality": run_tables.quality(run, summaries),
        "outcomes": run_tables.outcomes(run, summaries),
        "tasks": run_tables.tasks(run),
        "links": run_tables.links(run),
        "events": run_tables.events(run),
        "side": run_tables.side_information(run, summaries),
        "side_cost": run_tables.side_cost(run, run.rows, summaries),
        "side_overall": _overall(run),
        "timings": run_tables.timings(manifest),
        "gallery": kept_pictures.gallery(run),
        "error_factor": kept_pictures.ERROR_FACTOR,
        "repeat": _repeat(manifest),
        "command": manifest.command or MISSING,
        "scenario_text": _shortened(manifest.scenario_text),
        "figures": {
            "map": scenario_map.overview(run.scenario),
            "over_time": stream_figures.over_time(run),
            "outcomes": stream_figures.outcomes(run),
            "latency": (latency_figures.capture_to_picture(run), latency_figures.queueing(run)),
            "links": link_figures.links(run),
            "gain": gain_figures.gain(run),
        },
    }


def _cards(run: RunFolder, summaries: Mapping[str, StreamFigures]) -> list[tuple[str, str]]:
    summary = run.manifest.summary
    in_time = sum(own.decoded for own in summaries.values())
    bits = 8 * sum(row.link_bytes for row in run.rows)
    gained = [row for row in run.rows if side_gain_db(row) is not None]
    return [
        ("virtual time", number(run.virtual_s, 1, "s")),
        ("wall time", number(summary.wall_s, 1, "s")),
        ("frames", number(len(run.rows))),
        ("pictures in time", percent(in_time, len(run.rows))),
        ("sent by all streams", number(bits / run.virtual_s / 1e3, 0, "kbit/s") if run.rows else MISSING),
        ("side information gain", f"{signed(measure('', '', gained).mean_db)} dB" if gained else MISSING),
        ("peak memory", number(summary.peak_rss_mb, 0, "MB")),
    ]


def _cards_of_all(run: RunFolder, figures: Mapping[str, StreamFigures]) -> list[tuple[str, str]]:
    """Return the cards of a run whose rows are not all read."""
    frames, in_time = sum(own.frames for own in figures.values()), sum(own.decoded for own in figures.values())
    return [
        ("virtual time", number(run.virtual_s, 1, "s")),
        ("wall time", number(run.manifest.summary.wall_s, 1, "s")),
        ("streams", number(len(figures))),
        ("frames", number(frames)),
        ("pictures in time", percent(in_time, frames)),
        ("sent by all streams", number(sum(own.kbit_s or 0.0 for own in figures.values()), 0, "kbit/s")),
        ("peak memory", number(run.manifest.summary.peak_rss_mb, 0, "MB")),
    ]


def _shortened(text: str) -> str:
    """Return a scenario's text, or the beginning of a long one."""
    if len(text) <= MOST_TEXT:
        return text
    return f"{text[:MOST_TEXT]}\n... {len(text) - MOST_TEXT} more characters are in {MANIFEST}"


def _overall(run: RunFolder) -> str:
    rows = [row for row in run.rows if side_gain_db(row) is not None]
    if not rows:
        return "No frame was decoded with side information, so there is no gain to show."
    overall = measure("", "", rows)
    interval = (
        "too few frames for an interval"
        if overall.half_width_db is None
        else f"± {overall.half_width_db:.2f} dB at 95 %"
    )
    return (
        f"{signed(overall.mean_db)} dB on average ({interval}) over {overall.frames} of {len(run.rows)} frames; "
        f"{percent(overall.helped, overall.frames)} came out better than alone."
    )


def _repeat(manifest: RunManifest) -> list[tuple[str, str]]:
    return [
        ("fingerprint", manifest.fingerprint),
        ("overrides", ", ".join(manifest.overrides) or "none"),
        ("version", manifest.version),
        ("started", manifest.started),
        ("processor", manifest.cpu),
    ]
