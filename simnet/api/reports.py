"""Reports on a run's or a sweep's folder, as DataFrames and as a page."""

from __future__ import annotations

import html
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simnet.api import dataframes
from simnet.errors import InputError
from simnet.records.link_bin import LinkBin
from simnet.records.plain_data import to_plain
from simnet.row_statistics import StreamFigures
from simnet.runfolder import sweep_reader
from simnet.runfolder.folder_names import LINKS, PAGE, ROWS, TABLE_PARQUET
from simnet.runfolder.run_manifest import has_manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from matplotlib.figure import Figure as Drawing
    from pandas import DataFrame

    from simnet.api.evaluation_report import EvaluationReport
    from simnet.records import Scenario
    from simnet.report.publication.publication_kinds import Publication
    from simnet.runfolder.sweep_records import Point


class Report:
    """Folder of a run, a sweep or an evaluation; `Report.open` returns one. It reads a file only when an attribute needs it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @staticmethod
    def open(path: str | Path) -> RunReport | SweepReport | EvaluationReport:
        """Return the report of a run's, a sweep's or an evaluation's folder; InputError if it is none."""
        from simnet.report import evaluation_page

        if evaluation_page.is_evaluation(Path(path)):
            from simnet.api.evaluation_report import EvaluationReport

            return EvaluationReport(path)
        if sweep_reader.is_sweep(Path(path)):
            return SweepReport(path)
        if not has_manifest(Path(path)):
            raise InputError(f"{path}: no folder of a run, a sweep or an evaluation; expected one that simnet wrote")
        return RunReport(path)

    @property
    def page(self) -> Path:
        """Page as one self-contained HTML file; it is made if it does not exist."""
        sweep_page = self.path / PAGE
        return sweep_page if sweep_page.is_file() else self._make_page()

    def show(self, height: int = 900) -> Path:
        """Show the page and return its path: in a notebook below the cell, `height` pixels high, otherwise in a browser."""
        sweep_page = self.page
        notebook = sys.modules.get("IPython")
        if notebook is not None and notebook.get_ipython() is not None:
            from IPython.display import display  # pyright: ignore[reportMissingImports]

            # By reference: a copy of the page would stand in the notebook once for each time that the cell was run.
            source = html.escape(quote(os.path.relpath(sweep_page)), quote=True)
            style = f"width:100%;height:{height}px;border:0"
            link = f'<p><a href="{source}" target="_blank">{html.escape(str(sweep_page))}</a></p>'
            display({"text/html": f'<iframe src="{source}" style="{style}"></iframe>{link}'}, raw=True)
        else:
            import webbrowser

            webbrowser.open(sweep_page.absolute().as_uri())
        return sweep_page

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures that `plot` draws."""
        return tuple(self._publication.figures)

    def plot(self, name: str | None = None, *, width_mm: float = 89.0) -> Drawing:
        """Draw a figure of the page with matplotlib, as wide as a column of a paper.

        Args:
            name: One of `figures`; default: quality against rate, for a run rate and quality over time.
            width_mm: Width in millimetres: 89 is one column, 181 two.

        Raises:
            InputError: There is no figure of that name, or matplotlib is not installed.
        """
        from simnet.report.publication import matplotlib_figures

        found = self._publication
        wanted = found.main if name is None else name
        if wanted not in found.figures:
            raise InputError(f"{self.path}: no figure {wanted}; expected one of {', '.join(found.figures) or 'none'}")
        return matplotlib_figures.draw(found.figures[wanted], width_mm)

    def publish(
        self, figures: str | Sequence[str] = ("pdf",), tables: str | Sequence[str] = (), out: str | Path | None = None
    ) -> list[Path]:
        """Write all figures and tables for a paper, and return the paths of the files.

        Args:
            figures: Kinds: `svg`, `pdf`, `png`.
            tables: Kinds: `latex`, `csv`.
            out: Folder to write `figures/` and `tables/` into; default: the report's own.

        Raises:
            InputError: A kind is unknown, or matplotlib is not installed.
            OutputError: A file cannot be written.
        """
        from simnet.report.publication import publication_files, publication_kinds

        kinds = publication_kinds.parse(figures or None, tables or None)
        return publication_files.write(self._publication, self.path if out is None else Path(out), kinds)

    @cached_property
    def _publication(self) -> Publication:
        from simnet.report.publication import collected

        return collected.collect([self.path])

    def __repr__(self) -> str:
        """Return the plain-text form of the report."""
        return f"{type(self).__name__}({str(self.path)!r})"

    def _make_page(self) -> Path:
        raise InputError(
            f"{self.path}: no page there, and a bare Report makes none; expected simnet.Report.open(folder)"
        )


class RunReport(Report):
    """Report of one run."""

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """Summary that `simnet run --json` prints."""
        return to_plain(read_manifest(self.path).summary)

    @property
    def fingerprint(self) -> str:
        """Digest of every event, byte and decoded picture: equal for equal runs."""
        return self.summary["fingerprint"]

    @cached_property
    def scenario(self) -> Scenario:
        """Scenario of the run."""
        return read_manifest(self.path).scenario

    @cached_property
    def frames(self) -> DataFrame:
        """Frames as rows (`simnet.records.Row`), in order of capture. Times are virtual ns, NaN if the event did not occur."""
        from simnet.records import Row

        frame = dataframes.of_file(self.path / ROWS, Row)
        frame["side_sources"] = [tuple(sources) for sources in frame["side_sources"]]
        return frame.sort_values("capture_ns", kind="stable", ignore_index=True)

    @cached_property
    def links(self) -> DataFrame:
        """Links, one row for each link and 100 ms: offered, delivered, lost and dropped traffic, and queue length."""
        return dataframes.of_file(self.path / LINKS, LinkBin)

    @cached_property
    def streams(self) -> DataFrame:
        """Streams, one row each: outcomes, rate, quality, gain from side information, latency; see `simnet.row_statistics`."""
        return dataframes.of_records(self.summary["streams"], StreamFigures, "stream")

    def _make_page(self) -> Path:
        from simnet import report

        return report.write(self.path)

    def _repr_html_(self) -> str:
        columns = (
            "codec",
            "frames",
            "decoded",
            "late",
            "lost",
            "kbit_s",
            "psnr_db",
            "ms_ssim",
            "side_gain_db",
            "latency_ms_p95",
        )
        rows = ([name, *(stream[column] for column in columns)] for name, stream in self.summary["streams"].items())
        return (
            html_table(["stream", *columns], rows) + f"<p>{self.fingerprint} &middot; {html.escape(str(self.path))}</p>"
        )


class SweepReport(Report):
    """Report of a sweep, a grid of runs."""

    @cached_property
    def table(self) -> DataFrame:
        """Table with one row for each point and stream: settings, quality at the receiver, bandwidth, latency, age, losses."""
        return dataframes.of_file(self.path / TABLE_PARQUET)

    @property
    def points(self) -> tuple[Point, ...]:
        """Points of the grid, in order."""
        return sweep_reader.read(self.path).points

    @property
    def failed(self) -> dict[str, str]:
        """Failure reasons of the failed points, by label, one line each."""
        return {point.label: point.failed for point in self.points if point.failed is not None}

    @property
    def runs(self) -> Iterator[tuple[Point, RunReport]]:
        """Iterator over the completed points, each with its run; each folder is read when the iterator reaches it."""
        sweep = sweep_reader.read(self.path)
        for point in sweep.points:
            if sweep.has(point):
                yield point, RunReport(sweep.cell_path(point))

    @property
    def frames(self) -> Iterator[DataFrame]:
        """Iterator over the frames of each point, with columns for its settings; `pandas.concat(report.frames)` joins them."""
        swept = sweep_reader.read(self.path).swept
        for point, run in self.runs:
            settings = dict(point.settings)
            asked = {"scenario": point.scenario, "codec": point.codec, "seed": point.seed}
            asked |= {key: settings.get(key) for key in swept}
            frame = run.frames.rename(columns={"codec": "stream_codec"})
            for place, (key, value) in enumerate(asked.items()):
                frame.insert(place, key, value)
            yield frame

    def bd_rate(self, anchor: str) -> DataFrame:
        """Return each codec's BD-rate against `anchor`: additional bandwidth for the same quality, in percent, as on the page.

        There is a row for each case (the swept keys except bandwidth; empty if there is only one), stream (or all together),
        codec and comparison: at the receiver over offered bandwidth if it was swept, at the encoder over bits per pixel. `low`
        and `high` are the 95 % interval of the mean over seeds, NaN if there is none; `reason` gives the reason.

        Raises:
            InputError: The anchor is not a codec of the sweep.
        """
        from simnet.report.sweeps import differences, samples, views
        from simnet.report.sweeps.comparison_grid import ComparedFolder, grid

        asked = grid([ComparedFolder("", sweep_reader.read(self.path), str(self.path))])
        if anchor not in asked.curves:
            raise InputError(f"anchor {anchor}: not in the sweep; expected one of: {', '.join(asked.curves)}")
        rows = [
            (view.case, view.stream, codec, kind.title, each.percent, each.low, each.high, each.seeds, each.reason)
            for view in views.views(samples.read(asked))
            if anchor in view.measured
            for codec, found in differences.against(view, anchor).items()
            for kind, each in zip(differences.kinds(view), found, strict=True)
        ]
        columns = ["case", "stream", "codec", "comparison", "percent", "low", "high", "seeds", "reason"]
        frame = dataframes.pandas().DataFrame(rows, columns=columns)
        return frame.astype(dict.fromkeys(("percent", "low", "high"), "float64"))

    def _make_page(self) -> Path:
        from simnet.report.sweeps import sweep_page

        return sweep_page.write([self.path])

    def _repr_html_(self) -> str:
        shown = (
            "scenario",
            "codec",
            "seed",
            *sweep_reader.read(self.path).swept,
            "stream",
            "shown_psnr_db",
            "latency_ms_p95",
            "lost",
        )
        head = self.table.head(20)
        rest = f"{len(self.table) - 20} rows more in " if len(self.table) > 20 else ""
        rows = head[list(shown)].itertuples(index=False)
        return html_table(shown, rows) + f"<p>{rest}{html.escape(str(self.path))}</p>"


def html_table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table for a notebook."""
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return "&ndash;"
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))
