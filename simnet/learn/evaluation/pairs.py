"""The pictures that an evaluation codes, each with its side pictures and one that has nothing to do with it.

left[0]  left[1]  left[2]  ...     coded: left[t]
right[0] right[1] right[2] ...     side information: right[t + k] at an offset of k frames; unrelated: another drive's
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from simnet.errors import InputError
from simnet.learn import data, protocols

RENDERED_PAIRS, RENDERED_SEED = 50, 99
KEPT = 96
"""Pictures that stay in memory once read: a side picture serves as many pictures as there are offsets."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How pictures are cropped and resized: by a protocol's name, to a size (width, height), or not at all."""

    protocol: str | None = None
    size: tuple[int, int] | None = None

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Fit uint8 H x W x 3; PictureError where a protocol needs more pixels."""
        if self.protocol:
            return protocols.CROPS[self.protocol](picture)
        return data.centre(picture, self.size[1], self.size[0]) if self.size else picture


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Where a picture is: a file, or the pixels of a rendered one."""

    place: Path | np.ndarray
    fit: Fit

    def read(self) -> np.ndarray:
        """uint8 H x W x 3, cropped and resized; PictureError as `world.frames.read_rgb`."""
        return _read(self.place, self.fit) if isinstance(self.place, Path) else self.fit(self.place)


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """Pairs of one place, taken at one instant each; where they are `ordered`, successive ones follow each other."""

    data: str
    names: Sequence[str]
    left: Sequence[Picture]
    right: Sequence[Picture]
    ordered: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One picture to code. `sides` are by offset in frames, as many as the drive has."""

    data: str
    name: str
    coded: str
    """`left` or `right`."""
    original: Picture
    sides: Mapping[int, Picture]
    unrelated: Picture | None


@dataclass(frozen=True, slots=True)
class Tasks:
    """All that is to be coded. `left_out` pictures have no side picture at the first offset: the drive ends before."""

    tasks: Sequence[Task]
    left_out: int
    unrelated: str
    """In words, where unrelated pictures come from; empty where there are none."""


def list_tasks(
    names: Sequence[str],
    fit: Fit,
    offsets: Sequence[int],
    *,
    both_directions: bool = False,
    most: int | None = None,
    unrelated: str | None = None,
) -> Tasks:
    """List the pictures of the named data sets.

    Args:
        names: `pairs:DIR`, `rendered:street`, ...
        fit: How every picture is cropped and resized.
        offsets: Frames by which the side picture is later; pictures without one at the first of them are left out.
        both_directions: Code the right pictures too, the left ones as side information.
        most: At most so many pairs of each drive, evenly spaced.
        unrelated: A data set whose right pictures are the unrelated ones; else another drive's, else the same drive's far away.

    Raises:
        InputError: Data that is not there, or an offset that no drive is long enough for.
    """
    drives = [drive for name in names for drive in open_drives(name, fit)]
    strangers = list(open_drives(unrelated, fit)) if unrelated else []
    _check_offsets(drives, offsets, ", ".join(names))
    found: list[Task] = []
    left_out = 0
    for number in range(len(drives)):
        for coded in ("left", "right")[: 1 + both_directions]:
            ways = drives if coded == "left" else [_swapped(drive) for drive in drives]
            times = [t for t in range(len(ways[number].left)) if _inside(ways[number], t + offsets[0])]
            left_out += len(ways[number].left) - len(times)
            found += [
                _task(ways, number, t, coded, offsets, strangers) for t in _chosen(ways[number], times, offsets, most)
            ]
    words = _words(drives, unrelated) if any(task.unrelated for task in found) else ""
    return Tasks(found, left_out, words)


def open_drives(name: str, fit: Fit) -> Iterator[Drive]:
    """Yield the drives of one named data set; InputError or PictureError if it is not one."""
    from simnet.world.pairs import LAYOUTS, find_sequences, pair_files

    kind, _, place = name.partition(":")
    if kind not in LAYOUTS:
        pairs = data.load(name, rendered_pairs=RENDERED_PAIRS, seed=RENDERED_SEED).pairs
        views = [[Picture(pair[side], fit) for pair in pairs] for side in (0, 1)]
        yield Drive(name, [str(i) for i in range(len(pairs))], views[0], views[1], ordered=False)
        return
    folders = find_sequences(kind, Path(place))
    for folder in folders:
        left, right = pair_files(kind, folder)
        front = f"{folder.relative_to(place)}/" if len(folders) > 1 else ""
        views = [[Picture(path, fit) for path in view] for view in (left, right)]
        yield Drive(name, [f"{front}{path.stem}" for path in left], views[0], views[1])


def _chosen(drive: Drive, times: list[int], offsets: Sequence[int], most: int | None) -> list[int]:
    """At most `most` of the times, evenly spaced, where that leaves enough those that have every side picture."""
    if not most or len(times) <= most:
        return times
    whole = [t for t in times if all(_inside(drive, t + k) for k in offsets)]
    among = whole if len(whole) >= most else times
    return [among[i] for i in np.linspace(0, len(among) - 1, most).round().astype(int)]


def _task(
    drives: Sequence[Drive], number: int, t: int, coded: str, offsets: Sequence[int], strangers: Sequence[Drive]
) -> Task:
    drive = drives[number]
    sides = {k: drive.right[t + k] for k in offsets if _inside(drive, t + k)}
    unrelated = _unrelated(drives, number, t, strangers)
    return Task(drive.data, drive.names[t], coded, drive.left[t], sides, unrelated)


def _unrelated(drives: Sequence[Drive], number: int, t: int, strangers: Sequence[Drive]) -> Picture | None:
    own = drives[number]
    if not strangers:
        others = [drive for i, drive in enumerate(drives) if i != number]
        strangers = [drive for drive in others if drive.data != own.data] or others
    if strangers:
        other = strangers[number % len(strangers)]
        return other.right[t * len(other.right) // len(own.left) % len(other.right)]
    # A single pair has no other to borrow from.
    return own.right[(t + len(own.right) // 2) % len(own.right)] if len(own.right) > 1 else None


def _words(drives: Sequence[Drive], unrelated: str | None) -> str:
    if unrelated:
        return f"pictures of {unrelated}"
    if len({drive.data for drive in drives}) > 1:
        return "pictures of another data set"
    return "pictures of another drive" if len(drives) > 1 else "pictures of the same drive, half its length away"


def _swapped(drive: Drive) -> Drive:
    return replace(drive, left=drive.right, right=drive.left)


def _inside(drive: Drive, t: int) -> bool:
    return 0 <= t < len(drive.right)


def _check_offsets(drives: Sequence[Drive], offsets: Sequence[int], name: str) -> None:
    moved = [k for k in offsets if k]
    if moved and not all(drive.ordered for drive in drives):
        raise InputError(f"--offset {moved[0]}: the pairs of {name} do not follow each other; expected 0 for them")
    longest = max(len(drive.left) for drive in drives)
    if moved and max(map(abs, moved)) >= longest:
        raise InputError(f"--offset {max(moved, key=abs)}: {name} has no drive of more than {longest} pairs")


@lru_cache(maxsize=KEPT)
def _read(path: Path, fit: Fit) -> np.ndarray:
    from simnet.world.frames import read_rgb

    return fit(read_rgb(path))
