"""A sweep's folder, read into records: which points were asked for, and the cells that answer them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simnet import units
from simnet.errors import InputError
from simnet.runfolder import run_reader
from simnet.runfolder.run_reader import RunFolder

ASKED, CELLS, SHOWN = "asked", "cells", "shown.parquet"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a sweep's grid."""

    point: str
    """Names it: a digest of what was asked."""
    cell: str
    """The cell that answers it: a digest of everything that its rows depend on."""
    scenario: str
    codec: str
    """An item of `--codec`; empty where the scenario's own codecs are kept."""
    seed: int
    settings: tuple[tuple[str, str], ...]
    """Keys of the scenario and their values, as they were typed."""
    failed: str | None = None
    """Why it has no cell, in one line; None where it has one or has not been run."""

    @property
    def label(self) -> str:
        """Name it for people."""
        said = [self.scenario, self.codec, f"seed {self.seed}", *(f"{key}={value}" for key, value in self.settings)]
        return ", ".join(part for part in said if part)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the receiver has on its screen when a frame is due (capture and deadline), against that frame.

    The frame's own picture if it came in time, else the latest earlier one that did, else mid-grey.
    """

    stream: str
    sequence: int
    psnr_db: float
    ms_ssim: float


@dataclass(frozen=True, slots=True)
class CellFolder:
    """A finished cell: a run, and what its receiver showed, frame by frame."""

    run: RunFolder
    shown: tuple[Shown, ...]
    pictures: Path
    """Folder of `<stream, / as ~>/<sequence>_{original,shown}.png`."""


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """What a sweep left behind; cells are read one by one, as they are asked for."""

    path: Path
    points: tuple[Point, ...]
    """Sorted by scenario, settings, codec, seed; values that begin with numbers by these."""

    @property
    def swept(self) -> tuple[str, ...]:
        """The keys that have more than one value among the points, in the order in which they were asked."""
        values: dict[str, set[str | None]] = {}
        for point in self.points:
            for key, value in point.settings:
                values.setdefault(key, set()).add(value)
        everywhere = [dict(point.settings) for point in self.points]
        return tuple(
            key for key, own in values.items() if len(own) > 1 or any(key not in settings for settings in everywhere)
        )

    def has(self, point: Point) -> bool:
        """Return whether the point's cell is there."""
        return is_whole(self.path / CELLS / point.cell)

    def cell(self, point: Point) -> CellFolder:
        """Read the point's cell.

        Raises:
            InputError: It is missing, or a file in it is not what a sweep writes.
        """
        path = self.path / CELLS / point.cell
        try:
            run = run_reader.read(path)
            shown = tuple(Shown(**values) for values in run_reader.read_parquet(path / SHOWN))
        except InputError as error:
            raise InputError(f"{error}; delete {path} and sweep again to have it made again") from error
        return CellFolder(run, shown, path / "pictures")


def is_whole(cell: Path) -> bool:
    """Return whether a cell's folder has all of its files, each with its end: one that is cut off is made again."""
    ends = {run_reader.ROWS: b"PAR1", run_reader.LINKS: b"PAR1", SHOWN: b"PAR1", run_reader.ABOUT: b"}"}
    try:
        for name, end in ends.items():
            with (cell / name).open("rb") as file:
                file.seek(-4, os.SEEK_END)
                if not file.read().rstrip().endswith(end):
                    return False
    except OSError:
        return False
    return True


def is_sweep(path: Path) -> bool:
    """Return whether a folder is a sweep's."""
    return (path / ASKED).is_dir()


def read(path: Path) -> SweepFolder:
    """Read what a sweep's folder was asked for.

    Raises:
        InputError: It is no sweep's folder, or a file in it is not what a sweep writes.
    """
    if not is_sweep(path):
        raise InputError(f"{path}: no folder of a sweep; expected one that simnet sweep --out wrote")
    points = [_point(file) for file in (path / ASKED).glob("*.json")]
    return SweepFolder(path, tuple(sorted(points, key=_order)))


def plain(point: Point) -> dict[str, Any]:
    """Return a point as the JSON object that its file holds."""
    return {**asdict(point), "settings": dict(point.settings)}


def _point(file: Path) -> Point:
    expected = "expected a point of its grid"
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        settings = tuple((str(key), str(value)) for key, value in known.pop("settings").items())
        point = Point(settings=settings, **known)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{file}: not what a sweep writes ({error!r}); {expected}") from error
    texts = (point.point, point.cell, point.scenario, point.codec, point.failed or "")
    if type(point.seed) is not int or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{file}: a seed that is no number, or a name that is no text; {expected}")
    return point


def _order(point: Point) -> tuple[Any, ...]:
    settings = [(key, units.magnitude(value) or 0.0, value) for key, value in point.settings]
    return point.scenario, settings, point.codec, point.seed, point.point
