"""Tasks of an evaluation: pictures to code, each with its side pictures and an unrelated picture.

left[0]  left[1]  left[2]  ...     coded: left[t]
right[0] right[1] right[2] ...     side information: right[t + k] at an offset of k frames; unrelated: another drive's
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simnet.errors import InputError
from simnet.learn.evaluation.drives import Drive, DrivePicture, Fit, open_drives


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationTask:
    """One picture to code. `sides` maps offsets in frames to side pictures, for the offsets that the drive has."""

    data: str
    name: str
    coded: str
    """See `Drive.coded`."""
    original: DrivePicture
    sides: Mapping[int, DrivePicture]
    unrelated: DrivePicture | None
    drive: str
    """Place of its drive, or its scene where the pairs are not of one drive."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """All tasks of an evaluation. `left_out` counts pictures without a side picture at the first offset (the drive ends)."""

    tasks: Sequence[EvaluationTask]
    left_out: int
    unrelated: str
    """Description of the source of unrelated pictures; empty if there are none."""


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
        names: `pairs:DIR`, `kitti-stereo:DIR`, `rendered:street`, ...
        fit: Crop and resize of every picture.
        offsets: Frames by which the side picture is later; pictures without one at the first offset are left out.
        both_directions: Also code the right pictures, with the left pictures as side information.
        most: Limit on the pairs of each drive, which are evenly spaced.
        unrelated: Data set whose right pictures are the unrelated ones; default: another drive's, else distant ones of the drive.

    Raises:
        InputError: The data are missing, or no drive is long enough for an offset.
    """
    drives = [drive for name in names for drive in open_drives(name, fit)]
    strangers = open_drives(unrelated, fit) if unrelated else []
    _check(drives, offsets, ", ".join(names), both_directions=both_directions)
    ways = [drives, [drive.swapped() for drive in drives]] if both_directions else [drives]
    found: list[EvaluationTask] = []
    left_out = 0
    for number in range(len(drives)):
        for way in ways:
            times = [t for t in range(len(way[number].left)) if _inside(way[number], t + offsets[0])]
            left_out += len(way[number].left) - len(times)
            found += [_task(way, number, t, offsets, strangers) for t in _chosen(way[number], times, offsets, most)]
    words = _words(drives, unrelated) if any(task.unrelated for task in found) else ""
    return Tasks(found, left_out, words)


def _chosen(drive: Drive, times: list[int], offsets: Sequence[int], most: int | None) -> list[int]:
    """Choose at most `most` times, evenly spaced, preferably from those with every side picture."""
    if not most or len(times) <= most:
        return times
    whole = [t for t in times if all(_inside(drive, t + k) for k in offsets)]
    among = whole if len(whole) >= most else times
    return [among[i] for i in np.linspace(0, len(among) - 1, most).round().astype(int)]


def _task(
    drives: Sequence[Drive], number: int, t: int, offsets: Sequence[int], strangers: Sequence[Drive]
) -> EvaluationTask:
    drive = drives[number]
    sides = {k: drive.right[t + k] for k in offsets if _inside(drive, t + k)}
    unrelated = _unrelated(drives, number, t, strangers)
    place = drive.place if drive.ordered else f"{drive.place}:{drive.scenes[t]}"
    return EvaluationTask(drive.data, drive.names[t], drive.coded, drive.left[t], sides, unrelated, place)


def _unrelated(drives: Sequence[Drive], number: int, t: int, strangers: Sequence[Drive]) -> DrivePicture | None:
    own = drives[number]
    if not strangers:
        others = [drive for drive in drives if drive.place != own.place]
        strangers = [drive for drive in others if drive.data != own.data] or others
    if strangers:
        other = strangers[number % len(strangers)]
        return other.right[t * len(other.right) // len(own.left) % len(other.right)]
    # A single pair has no unrelated picture. At half of a published list the same pairs follow in the other direction.
    count = len(own.right)
    start = count // 2 if own.ordered else count // 3
    apart = [(t + start + k) % count for k in range(count)]
    found = (i for i in apart if i != t and (own.ordered or own.scenes[i] != own.scenes[t]))
    return own.right[i] if (i := next(found, None)) is not None else None


def _words(drives: Sequence[Drive], unrelated: str | None) -> str:
    if unrelated:
        return f"pictures of {unrelated}"
    if len({drive.place for drive in drives}) > 1:
        return (
            "pictures of another data set" if len({drive.data for drive in drives}) > 1 else "pictures of another drive"
        )
    return "pictures of the same drive, half its length away" if drives[0].ordered else "pictures of another scene"


def _inside(drive: Drive, t: int) -> bool:
    return 0 <= t < len(drive.right)


def _check(drives: Sequence[Drive], offsets: Sequence[int], name: str, *, both_directions: bool) -> None:
    moved = [k for k in offsets if k]
    if moved and not all(drive.ordered for drive in drives):
        raise InputError(f"--offset {moved[0]}: the pairs of {name} do not follow each other; expected 0 for them")
    longest = max(len(drive.left) for drive in drives)
    if not longest:
        raise InputError(f"{name}: no pair at that offset; expected a drive longer than it")
    if moved and max(map(abs, moved)) >= longest:
        raise InputError(
            f"{name}: no drive of more than {longest} pairs; expected more than the offset {max(offsets, key=abs)}"
        )
    if both_directions and any(drive.coded == "listed" for drive in drives):
        raise InputError(f"--both-directions: the list of {name} says which view is coded; expected it with other data")
