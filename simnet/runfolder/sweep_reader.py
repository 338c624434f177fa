"""Reader of a sweep's folder: the points of its grid, and the cells that answer them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet import input_files, units
from simnet.errors import InputError
from simnet.records.plain_data import from_plain
from simnet.runfolder import run_manifest, run_reader
from simnet.runfolder.folder_names import DISPLAYED, LINKS, MANIFEST, POINTS, ROWS, cell_folder
from simnet.runfolder.record_tables import read_records
from simnet.runfolder.run_reader import RunFolder
from simnet.runfolder.sweep_records import DisplayedPicture, Point

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True)
class CellFolder:
    """A finished cell: a run, and what its receiver displayed, frame by frame."""

    run: RunFolder
    displayed: tuple[DisplayedPicture, ...]


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """What a sweep left behind; cells are read one by one, as they are asked for."""

    path: Path
    points: tuple[Point, ...]
    """Sorted by scenario, settings, codec, seed; values that begin with numbers by these."""

    @property
    def swept(self) -> tuple[str, ...]:
        """The keys that have more than one value among the points, in the order in which they were asked."""
        values: dict[str, set[str]] = {}
        for point in self.points:
            for key, value in point.settings:
                values.setdefault(key, set()).add(value)
        everywhere = [dict(point.settings) for point in self.points]
        return tuple(
            key for key, own in values.items() if len(own) > 1 or any(key not in settings for settings in everywhere)
        )

    def cell_path(self, point: Point) -> Path:
        """Return the folder of the point's cell."""
        return cell_folder(self.path, point.cell)

    def has(self, point: Point) -> bool:
        """Return whether the point's cell is there."""
        return is_whole(self.cell_path(point))

    def cell(self, point: Point) -> CellFolder:
        """Read the point's cell.

        Raises:
            InputError: It is missing, or a file in it is not what a sweep writes.
        """
        path = self.cell_path(point)
        try:
            return CellFolder(run_reader.read(path), tuple(read_records(path / DISPLAYED, DisplayedPicture)))
        except InputError as error:
            raise InputError(f"{error}; delete {path} and sweep again to have it made again") from error


def is_whole(cell: Path) -> bool:
    """Return whether a cell's folder has all of its files, each with its end: one that is cut off is made again."""
    ends = {ROWS: b"PAR1", LINKS: b"PAR1", DISPLAYED: b"PAR1", MANIFEST: b"}"}
    try:
        for name, end in ends.items():
            with (cell / name).open("rb") as file:
                file.seek(-4, os.SEEK_END)
                if not file.read().rstrip().endswith(end):
                    return False
    except OSError:
        return False
    return True


def has_cell(sweep: Path, cell: str, exports: Collection[str] = ()) -> bool:
    """Return whether a sweep's folder has a cell, whole, with these kinds of exports."""
    path = cell_folder(sweep, cell)
    return is_whole(path) and (not exports or set(exports) <= set(exports_of(path)))


def exports_of(cell: Path) -> tuple[str, ...]:
    """Return the kinds of exports that a cell's folder has; none if one of their files is missing."""
    try:
        manifest = run_manifest.read_manifest(cell)
    except InputError:
        return ()
    return manifest.export_kinds if all((cell / file).is_file() for file in manifest.summary.exports) else ()


def is_sweep(path: Path) -> bool:
    """Return whether a folder is a sweep's."""
    return (path / POINTS).is_dir()


def read(path: Path) -> SweepFolder:
    """Read the points of a sweep's folder.

    Raises:
        InputError: It is no sweep's folder, or a file in it is not what a sweep writes.
    """
    if not is_sweep(path):
        raise InputError(f"{path}: no folder of a sweep; expected one that simnet sweep --out wrote")
    points = [_point(file) for file in (path / POINTS).glob("*.json")]
    return SweepFolder(path, tuple(sorted(points, key=_order)))


def _point(file: Path) -> Point:
    try:
        return from_plain(Point, json.loads(input_files.read_text(file, input_files.YAML_BYTES, "a point of a sweep")))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not what a sweep writes ({error}); expected a point of its grid") from error


def _order(point: Point) -> tuple[Any, ...]:
    settings = [(key, units.magnitude(value) or 0.0, value) for key, value in point.settings]
    return point.scenario, settings, point.codec, point.seed, point.point
