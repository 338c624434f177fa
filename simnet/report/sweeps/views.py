"""Views of a sweep's page: one for each case and stream (or all streams), with curves of samples by seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simnet import units
from simnet.records.task_config import DONE, TaskFigure
from simnet.report.mean_interval import Mean, mean, weighted
from simnet.report.sweeps.comparison_grid import BANDWIDTH, SINGLE, Axis
from simnet.report.sweeps.histogram import Histogram
from simnet.report.sweeps.samples import (
    SampledRow,
    SweepSamples,
    TimeHistograms,
    sums,
)
from simnet.row_statistics import LEAST_FOR_P99

ALL = "all streams together"
MOST_STREAMS, MOST_CASES, MOST_VIEWS = 12, 12, 16
"""Limits of a page's views; the table of all rows is complete."""
COUNTS = ("frames", "in_time", "late", "lost", "corrupt", "reference_lost", "node_lost")
_EVEN = ("offered_kbit_s", "sent_kbit_s", "age_ms_mean")


@dataclass(frozen=True, slots=True)
class SeedSample:
    """Figures of one seed at one setting, by column name of the table, over all streams of the view."""

    seed: int
    values: Mapping[str, float | None]


MOSTLY = 0.5
"""Least share of frames in time at a point whose quality is a headline."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One setting of a curve; a gap if it has no samples."""

    setting: str
    x: float | str | None
    asked: int
    failed: int
    missing: int
    """Number of points that have not been run."""
    samples: tuple[SeedSample, ...]

    def mean(self, column: str) -> Mean | None:
        """Return the mean of a column over seeds."""
        return mean(sample.values.get(column) for sample in self.samples)

    def share(self, column: str) -> Mean | None:
        """Return a count's share of the frames, as mean over seeds."""
        return mean(
            (sample.values[column] or 0.0) / frames for sample in self.samples if (frames := sample.values["frames"])
        )

    @property
    def is_mostly_late(self) -> bool:
        """Whether fewer than MOSTLY of the frames are in time: its quality is that of old pictures and makes no headline."""
        in_time = self.share("in_time")
        return in_time is not None and in_time.value < MOSTLY


@dataclass(frozen=True, slots=True)
class PageView:
    """One view: every curve has a point for every setting of the axis, in order."""

    id: str
    case: str
    stream: str
    axis: Axis
    curves: Mapping[str, tuple[CurvePoint, ...]]
    quality: tuple[str, str]
    """Columns of PSNR and MS-SSIM."""
    deadline_ms: float | None
    """Deadline in ms; None if it differs within the case."""
    tasks: Mapping[str, TaskFigure] = field(default_factory=dict[str, TaskFigure])
    """Figures of tasks that the view's streams have, by column."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that have a sample."""
        every = {sample.seed for spots in self.curves.values() for spot in spots for sample in spot.samples}
        return tuple(sorted(every))

    @property
    def places(self) -> tuple[CurvePoint, ...]:
        """Settings in order, taken from the first curve; all curves have the same settings."""
        return next(iter(self.curves.values()))

    @property
    def measured(self) -> tuple[str, ...]:
        """Curves that have at least one sample."""
        return tuple(name for name, spots in self.curves.items() if any(spot.samples for spot in spots))

    @property
    def has_scale(self) -> bool:
        """Whether the x axis is numeric, so that values between settings can be interpolated."""
        return self.axis.kind not in {"category", SINGLE} and len(self.axis.settings) > 1

    def seed_curve(self, curve: str, seed: int, column: str) -> tuple[list[float | None], list[float | None]]:
        """Return x and y of one seed's curve; y is None for a missing cell."""
        xs: list[float | None] = []
        ys: list[float | None] = []
        for spot in self.curves[curve]:
            own = next((sample for sample in spot.samples if sample.seed == seed), None)
            xs.append(spot.x if isinstance(spot.x, float) else None)
            ys.append(own.values.get(column) if own else None)
        return xs, ys


def views(readings: SweepSamples) -> list[PageView]:
    """Return all views: all streams together first, then single streams if there are few."""
    streams, cases = readings.streams, len(readings.grid.cases[:MOST_CASES])
    few = 1 < len(streams) <= MOST_STREAMS and cases * (1 + len(streams)) <= MOST_VIEWS
    shown = streams if few else ()
    made = []
    for case_number, case in enumerate(readings.grid.cases[:MOST_CASES]):
        for stream_number, stream in enumerate((ALL, *shown)):
            own = [row for row in readings.rows if row.case == case and stream in {ALL, row.stream}]
            made.append(_view(readings, f"{case_number}-{stream_number}", case, stream, own))
    return made


def _view(readings: SweepSamples, id_: str, case: str, stream: str, rows: Sequence[SampledRow]) -> PageView:
    axis = readings.grid.axis
    grouped: dict[tuple[str, str, int], list[SampledRow]] = {}
    for row in rows:
        grouped.setdefault((row.curve, row.setting, row.seed), []).append(row)
    samples: dict[tuple[str, str], list[SeedSample]] = {}
    figures = readings.facts.task_figures
    columns = [*figures, *{f"{name.partition('.')[0]}.{DONE}" for name in figures}]
    for (curve, setting, seed), group in sorted(grouped.items()):
        samples.setdefault((curve, setting), []).append(
            SeedSample(seed, _together([row.row for row in group], columns))
        )
    places = {setting: _x(axis, setting, samples) for setting in axis.settings}
    ordered = axis.settings
    if axis.kind == BANDWIDTH:
        ordered = tuple(sorted(axis.settings, key=lambda setting: _rank(places[setting])))
    absent = Counter((own.curve, own.setting, bool(own.reason)) for own in readings.absent if own.case == case)
    curves = {
        curve: tuple(
            CurvePoint(
                setting,
                places[setting],
                readings.asked.get((curve, case, setting), 0),
                absent[curve, setting, True],
                absent[curve, setting, False],
                tuple(samples.get((curve, setting), ())),
            )
            for setting in ordered
        )
        for curve in readings.grid.curves
    }
    deadlines = readings.facts.deadlines_ms.get(case, set())
    deadline = next(iter(deadlines)) if len(deadlines) == 1 else None
    tasks = {
        name: own
        for name, own in readings.facts.task_figures.items()
        if any(row.row.get(name) is not None for row in rows)
    }
    return PageView(id_, case, stream, axis, curves, readings.qualities, deadline, tasks)


def _together(rows: Sequence[Mapping[str, float | None]], tasks: Collection[str] = ()) -> dict[str, float | None]:
    """Return one seed's figures over several streams.

    Quality and the columns `tasks` are means over frames, bandwidth a mean over streams; counts are added up.
    """
    made: dict[str, float | None] = {name: float(sum(row[name] or 0 for row in rows)) for name in COUNTS}
    for name in _EVEN:
        made[name] = weighted((row[name], 1) for row in rows)
    for name in ("shown_psnr_db", "shown_ms_ssim", "bpp"):
        made[name] = weighted((row[name], row["frames"]) for row in rows)
    for name in ("psnr_db", "ms_ssim", "side_used"):
        made[name] = weighted((row[name], _pictures(row)) for row in rows)
    made["side_gain_db"] = weighted((row["side_gain_db"], _pictures(row) * (row["side_used"] or 0)) for row in rows)
    for name in ("latency_ms_p95", "latency_ms_p99"):
        # Percentiles of several streams cannot be put together; single streams have views of their own.
        made[name] = rows[0][name] if len(rows) == 1 else None
    for name in tasks:
        made[name] = weighted((row.get(name), row["frames"]) for row in rows)
    if (made["frames"] or 0) < LEAST_FOR_P99:
        made["latency_ms_p99"] = None
    return made


def _pictures(row: Mapping[str, float | None]) -> float:
    return (row["in_time"] or 0) + (row["late"] or 0)


def _x(axis: Axis, setting: str, samples: Mapping[tuple[str, str], Sequence[SeedSample]]) -> float | str | None:
    if axis.kind in {BANDWIDTH, SINGLE}:
        offered = [
            sample.values["offered_kbit_s"] for (_, own), group in samples.items() if own == setting for sample in group
        ]
        if found := mean(offered):
            return found.value
        asked = units.magnitude(setting) if axis.kind == BANDWIDTH else None
        return None if asked is None else asked / 1e3
    number = axis.number(setting)
    return (setting or "not set") if number is None else number


def _rank(x: float | str | None) -> float:
    return x if isinstance(x, float) else math.inf


def times(readings: SweepSamples, view: PageView) -> Iterator[tuple[str, str, TimeHistograms]]:
    """Yield curve, setting and time histograms of all frames of the view, over all seeds."""
    for curve in view.curves:
        for spot in view.curves[curve]:
            found = [
                own
                for (name, case, setting, stream), own in readings.times.items()
                if (name, case, setting) == (curve, view.case, spot.setting) and view.stream in {ALL, stream}
            ]
            if found:
                whole = TimeHistograms(sum(own.frames for own in found), Histogram(), Histogram())
                for own in found:
                    whole.latency.add(own.latency)
                    whole.age.add(own.age)
                yield curve, spot.setting, whole


def gains(readings: SweepSamples, view: PageView, kind: str) -> Iterator[tuple[str, list[tuple[float, Mean, int]]]]:
    """Yield each curve with (bin, mean gain in dB over seeds, frames); `kind` is `by_age` or `by_overlap`."""
    for curve in view.curves:
        whole: dict[tuple[int, float], tuple[int, float]] = {}
        for (name, case, stream), own in readings.gains.items():
            if (name, case) == (curve, view.case) and view.stream in {ALL, stream}:
                sums(getattr(own, kind), whole)
        bins = sorted({place for _, place in whole})
        made = []
        for place in bins:
            own = [found for (_, at), found in sorted(whole.items()) if at == place]
            average = mean(total / count for count, total in own)
            if average:
                made.append((place, average, sum(count for count, _ in own)))
        if made:
            yield curve, made
