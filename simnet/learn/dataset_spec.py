"""Names of data sets: `KIND:PLACE?offset=K,K#SPLIT`.

pairs:DIR  kitti_raw:DIR  kitti_odometry:DIR      drives; ?offset=K pairs left[t] with right[t + K]
kitti-stereo:DIR  kitti-general:DIR               the papers' data, cropped and resized as in the papers; #train, #val or #test
cityscapes:DIR                                    as for kitti-stereo
rendered:SCENE                                    scenes rendered by simnet
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from simnet.errors import InputError
from simnet.world.datasets.dataset_splits import COUNTS, SPLITS
from simnet.world.datasets.stereo_pairs import LAYOUTS

RENDERED = "rendered"
FURTHEST = 1000
"""Largest offset in frames; a larger one is taken for a typing error."""


@dataclass(frozen=True)
class Name:
    """A parsed name; `split` is None, and `offsets` empty, if not given or if the kind has none."""

    kind: str
    place: str
    offsets: tuple[int, ...] = ()
    split: str | None = None

    @property
    def ordered(self) -> bool:
        """Whether the data are drives, whose frames are consecutive."""
        return self.kind in LAYOUTS

    @property
    def published(self) -> bool:
        """Whether the data have published splits."""
        return self.kind in COUNTS

    def __str__(self) -> str:
        offsets = f"?offset={','.join(map(str, self.offsets))}" if self.offsets else ""
        return f"{self.kind}:{self.place}{offsets}{f'#{self.split}' if self.split else ''}"


def parse(text: str) -> Name:
    """Parse a name.

    Raises:
        InputError: The kind is unknown, the place is missing, or the kind does not have an option that is given.
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
    """The name with defaults filled in: its split, and its offsets if the kind has offsets."""
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
