"""Data by name: `KIND:PLACE?offset=K,K#SPLIT`.

pairs:DIR  kitti_raw:DIR  kitti_odometry:DIR      drives; ?offset=K pairs left[t] with right[t + K]
kitti-stereo:DIR  kitti-general:DIR               the papers' data, cropped and resized as there; #train, #val or #test
cityscapes:DIR                                    likewise
rendered:SCENE                                    scenes made here
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from simnet.errors import InputError
from simnet.world.datasets.dataset_splits import COUNTS, SPLITS
from simnet.world.datasets.stereo_pairs import LAYOUTS

RENDERED = "rendered"
FURTHEST = 1000
"""Frames; an offset beyond is a slip of the keyboard."""


@dataclass(frozen=True)
class Name:
    """A parsed name; `split` is None where none was given or there is none to give, `offsets` empty likewise."""

    kind: str
    place: str
    offsets: tuple[int, ...] = ()
    split: str | None = None

    @property
    def ordered(self) -> bool:
        """Whether the data are drives, whose frames follow each other."""
        return self.kind in LAYOUTS

    @property
    def published(self) -> bool:
        """Whether the data have published splits."""
        return self.kind in COUNTS

    def __str__(self) -> str:
        offsets = f"?offset={','.join(map(str, self.offsets))}" if self.offsets else ""
        return f"{self.kind}:{self.place}{offsets}{f'#{self.split}' if self.split else ''}"


def parse(text: str) -> Name:
    """Read a name.

    Raises:
        InputError: Another kind, no place, or an option that this kind does not have.
    """
    kind, _, rest = text.partition(":")
    if kind not in LAYOUTS and kind not in COUNTS and kind != RENDERED:
        raise InputError(f"{text}: not a data set; expected {_kinds()}")
    name = Name(kind, rest)
    if name.published:
        place, mark, split = rest.rpartition("#")
        if mark and split not in SPLITS:
            raise InputError(f"{text}: split {split!r}; expected #{', #'.join(SPLITS)}")
        name = Name(kind, place, split=split) if mark else name
    elif name.ordered and (match := re.fullmatch(r"(.*)\?offset=([^?]*)", rest, re.DOTALL)):
        name = Name(kind, match[1], _offsets(text, match[2]))
    if not name.place:
        raise InputError(f"{text}: names no place; expected {_kinds()}")
    if "?offset=" in name.place:
        raise InputError(f"{text}: {kind} has no offset; expected one at the end of a name of {', '.join(LAYOUTS)}")
    return name


def with_defaults(text: str, split: str, offsets: tuple[int, ...] = ()) -> str:
    """The same name with what it leaves open filled in: its split, and its offsets where it has any."""
    name = parse(text)
    if name.published and name.split is None:
        name = replace(name, split=split)
    if name.ordered and not name.offsets and offsets not in ((), (0,)):
        name = replace(name, offsets=offsets)
    return str(name)


def _offsets(text: str, written: str) -> tuple[int, ...]:
    parts = written.split(",")
    if not all(re.fullmatch(r"-?\d{1,4}", part) and abs(int(part)) <= FURTHEST for part in parts):
        raise InputError(f"{text}: offset {written!r}; expected whole numbers of frames such as 3 or 0,3")
    if len(set(map(int, parts))) < len(parts):
        raise InputError(f"{text}: offset {written!r}; expected each number once")
    return tuple(map(int, parts))


def _kinds() -> str:
    return ", ".join(f"{each}:DIR" for each in (*LAYOUTS, *COUNTS)) + f" or {RENDERED}:SCENE"
