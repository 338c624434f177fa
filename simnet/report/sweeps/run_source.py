"""Run folder read as a sweep of one point, so that a page can compare runs like sweeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simnet.runfolder import run_reader
from simnet.runfolder.sweep_reader import CellFolder
from simnet.runfolder.sweep_records import Point


@dataclass(frozen=True, slots=True)
class RunSource:
    """Point source of one run. Its rows name the codecs; displayed pictures are not recorded."""

    path: Path
    points: tuple[Point, ...]

    def has(self, point: Point) -> bool:
        """Return whether the point belongs to this run."""
        return point in self.points

    def cell(self, point: Point) -> CellFolder:
        """Read the run; InputError if a file in it does not have the format of a run."""
        del point
        return CellFolder(run_reader.read(self.path), ())


def read(path: Path) -> RunSource:
    """Read a run as one point; its overrides are the point's settings.

    Raises:
        InputError: The folder is not a run's folder.
    """
    run = run_reader.read(path)
    overrides = [each.partition("=") for each in run.manifest.overrides]
    settings = tuple((key, value) for key, _, value in overrides if key != "seed")
    fingerprint = run.manifest.fingerprint
    point = Point(fingerprint, fingerprint, run.scenario.name, "", run.scenario.seed, settings)
    return RunSource(path, (point,))
