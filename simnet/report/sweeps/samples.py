"""Samples of a sweep, read in one pass over its cells: table rows, and distributions of fixed size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simnet.age_of_information import age_of
from simnet.records import SECOND_NS, Row, Scenario
from simnet.records.task_config import TaskFigure
from simnet.report.sweeps import displayed_gallery, sweep_table
from simnet.report.sweeps.comparison_grid import ComparedFolder, ComparisonGrid
from simnet.report.sweeps.displayed_gallery import DisplayedFrame
from simnet.report.sweeps.histogram import Histogram
from simnet.row_statistics import by_stream, latency_ms, present, side_gain_db
from simnet.runfolder.sweep_reader import CellFolder
from simnet.runfolder.sweep_records import Point
from simnet.tracks import view_overlap

AGE_STEP_MS = 20
OVERLAP_STEP = 0.1
SHOWN = ("shown_psnr_db", "shown_ms_ssim")
DECODED = ("psnr_db", "ms_ssim")

Place = tuple[str, str, str]
"""Place of a point: curve, case, setting along x."""
StreamPlace = tuple[str, str, str, str]
"""Place of a stream: curve, case, setting, stream."""


@dataclass(frozen=True, slots=True)
class SampledRow:
    """One table row with its curve, case and setting."""

    folder: str
    curve: str
    case: str
    setting: str
    seed: int
    stream: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AbsentCell:
    """A point without a cell; `reason` is empty if it has not been run."""

    folder: str
    curve: str
    case: str
    setting: str
    seed: int
    point: Point

    @property
    def reason(self) -> str:
        """Reason of the failure."""
        return self.point.failed or ""


@dataclass(slots=True)
class TimeHistograms:
    """Distributions of latency and age over all seeds."""

    frames: int = 0
    latency: Histogram = field(default_factory=Histogram)
    age: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class GainBins:
    """Gain of side information in dB: (number of frames, sum) by (seed, bin of age in ms) and by (seed, bin of overlap)."""

    by_age: dict[tuple[int, float], tuple[int, float]] = field(default_factory=dict)
    by_overlap: dict[tuple[int, float], tuple[int, float]] = field(default_factory=dict)


@dataclass(slots=True)
class SweepProvenance:
    """Facts about how the cells were made."""

    versions: dict[str, None] = field(default_factory=dict)
    processors: dict[str, None] = field(default_factory=dict)
    checkpoints: dict[str, None] = field(default_factory=dict)
    commands: dict[str, None] = field(default_factory=dict)
    deadlines_ms: dict[str, set[float]] = field(default_factory=dict)
    """Deadlines in ms, by case."""
    task_figures: dict[str, TaskFigure] = field(default_factory=dict[str, TaskFigure])
    """How the figures of tasks are written, by `task.figure`."""
    placeless: dict[str, None] = field(default_factory=dict)
    """Kinds of world without camera poses."""


@dataclass(slots=True)
class SweepSamples:
    """All data of a sweep's page."""

    grid: ComparisonGrid
    rows: list[SampledRow] = field(default_factory=list)
    absent: list[AbsentCell] = field(default_factory=list)
    asked: dict[Place, int] = field(default_factory=dict)
    times: dict[StreamPlace, TimeHistograms] = field(default_factory=dict)
    gains: dict[tuple[str, str, str], GainBins] = field(default_factory=dict)
    """Gain bins by curve, case and stream."""
    pictures: list[DisplayedFrame] = field(default_factory=list)
    facts: SweepProvenance = field(default_factory=SweepProvenance)

    @property
    def streams(self) -> tuple[str, ...]:
        """Streams that have rows, in the order of the scenarios."""
        return tuple(dict.fromkeys(reading.stream for reading in self.rows))

    @property
    def qualities(self) -> tuple[str, str]:
        """Columns of PSNR and MS-SSIM: at the receiver, or of decoded pictures if displayed pictures were not recorded."""
        shown = any(reading.row.get(SHOWN[0]) is not None for reading in self.rows)
        return SHOWN if shown or not self.rows else DECODED


def read(grid: ComparisonGrid) -> SweepSamples:
    """Read every cell once.

    Raises:
        InputError: A cell's files do not have the format of a sweep.
    """
    readings = SweepSamples(grid)
    for folder in grid.folders:
        swept = tuple(dict.fromkeys(key for point in folder.source.points for key, _ in point.settings))
        for point in _asked(grid, folder):
            place = grid.curve(folder, point), grid.case(point), grid.setting(point)
            readings.asked[place] = readings.asked.get(place, 0) + 1
            if folder.source.has(point):
                _take(readings, folder, point, place, folder.source.cell(point), swept)
            else:
                readings.absent.append(AbsentCell(folder.label, *place, point.seed, point))
    return readings


def _asked(grid: ComparisonGrid, folder: ComparedFolder) -> list[Point]:
    """Return each point once; of two spellings of one quantity, the point that has a cell is returned."""
    made: dict[tuple[str, str, str, int], Point] = {}
    for point in folder.source.points:
        key = grid.curve(folder, point), grid.case(point), grid.setting(point), point.seed
        if key not in made or not folder.source.has(made[key]):
            made[key] = point
    return list(made.values())


def _take(
    readings: SweepSamples, folder: ComparedFolder, point: Point, place: Place, cell: CellFolder, swept: Sequence[str]
) -> None:
    run = cell.run
    for row in sweep_table.cell_rows(point, cell, swept):
        readings.rows.append(SampledRow(folder.label, *place, point.seed, row["stream"], row))
    for stream, own in by_stream(run.rows).items():
        times = readings.times.setdefault((*place, stream), TimeHistograms())
        times.frames += len(own)
        times.latency.count(present(latency_ms, own))
        times.age.spread(age_of(own, round(run.virtual_s * SECOND_NS)).pieces)
        gains = readings.gains.setdefault((place[0], place[1], stream), GainBins())
        _gain(gains, own, point.seed, run.scenario)
    readings.pictures += displayed_gallery.kept(place, point, cell)
    _note(readings.facts, place[1], cell)


def _gain(gains: GainBins, rows: Sequence[Row], seed: int, scenario: Scenario) -> None:
    placed = view_overlap.is_known(scenario)
    for row in rows:
        gain = side_gain_db(row)
        if gain is None or row.side_age_ns is None:
            continue
        _add(gains.by_age, (seed, AGE_STEP_MS * round(row.side_age_ns / 1e6 / AGE_STEP_MS)), gain)
        if placed and (seen := _overlap(row, scenario)) is not None:
            _add(gains.by_overlap, (seed, round(OVERLAP_STEP * round(seen / OVERLAP_STEP), 3)), gain)


def _overlap(row: Row, scenario: Scenario) -> float | None:
    """Return the largest overlap of any source's view with the frame's, at the capture time of the source's picture."""
    cameras = scenario.cameras
    names = [row.stream if source == "previous" else source for source in row.side_sources]
    then_ns = max(0, row.capture_ns - (row.side_age_ns or 0))
    known = [cameras[name] for name in names if name in cameras]
    if not known or row.stream not in cameras:
        return None
    return max(view_overlap.share(cameras[row.stream], row.capture_ns, other, then_ns) for other in known)


def _add(bins: dict[tuple[int, float], tuple[int, float]], key: tuple[int, float], value: float) -> None:
    count, total = bins.get(key, (0, 0.0))
    bins[key] = count + 1, total + value


def _note(facts: SweepProvenance, case: str, cell: CellFolder) -> None:
    manifest, scenario = cell.run.manifest, cell.run.scenario
    facts.versions[manifest.version] = None
    facts.task_figures.update(manifest.task_figures)
    facts.processors[manifest.cpu] = None
    for announced in manifest.announcements.values():
        if announced.checkpoint_digest:
            facts.checkpoints[f"{announced.model or announced.codec} {announced.checkpoint_digest[:16]}"] = None
    if manifest.command:
        facts.commands[manifest.command] = None
    facts.deadlines_ms.setdefault(case, set()).add(scenario.fusion.deadline_ns / 1e6)
    if not view_overlap.is_known(scenario):
        facts.placeless[scenario.world.kind] = None


def sums(
    gains: Mapping[tuple[int, float], tuple[int, float]], into: dict[tuple[int, float], tuple[int, float]]
) -> None:
    """Add the bins of one stream to those of others."""
    for key, (count, total) in gains.items():
        before = into.get(key, (0, 0.0))
        into[key] = before[0] + count, before[1] + total
