"""Named data sets as drives of picture files that are read on demand."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from simnet.errors import InputError
from simnet.learn import dataset_spec, pair_data, picture_protocols
from simnet.picture_files import read_rgb
from simnet.printable import printable

RENDERED_PAIRS, RENDERED_SEED = 50, 99
KEPT = 96
"""Number of pictures that stay in memory: a side picture is used once per offset."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Crop and resize of pictures: by a protocol's name, to a size (width, height), or none."""

    protocol: str | None = None
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Raise InputError if the protocol is unknown."""
        if self.protocol is not None and self.protocol not in picture_protocols.CROPS:
            raise InputError(f"protocol {self.protocol}: unknown; expected one of {', '.join(picture_protocols.CROPS)}")

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Fit a picture, uint8 H x W x 3; PictureError if it is too small for the protocol."""
        if self.protocol:
            return picture_protocols.CROPS[self.protocol](picture)
        return pair_data.centre(picture, self.size[1], self.size[0]) if self.size else picture


@dataclass(frozen=True, slots=True, eq=False)
class DrivePicture:
    """Source of a picture: a file, or the pixels of a rendered picture."""

    place: Path | np.ndarray
    fit: Fit

    def read(self) -> np.ndarray:
        """Read the picture as uint8 H x W x 3, cropped and resized; PictureError as `picture_files.read_rgb`."""
        return _read(self.place, self.fit) if isinstance(self.place, Path) else self.fit(self.place)


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """Pairs of pictures, `left[t]` to be coded and `right[t]` at the decoder.

    If `ordered`, successive pairs are successive in time. Otherwise `scenes` identifies the scene of each pair, because a picture
    of the same scene is not unrelated.
    """

    data: str
    place: str
    """Place of the pictures: two drives of one place may show the same scene."""
    names: Sequence[str]
    left: Sequence[DrivePicture]
    right: Sequence[DrivePicture]
    ordered: bool = True
    scenes: Sequence[str] = ()
    coded: str = "left"
    """View that `left` holds: `left`, `right`, or `listed` if a paper's list states it for each pair."""

    def swapped(self) -> Drive:
        """Return the same pairs with the other view coded."""
        return replace(self, left=self.right, right=self.left, coded="right")


def open_drives(name: str, fit: Fit) -> list[Drive]:
    """Return the drives of one named data set (see `learn.dataset_spec`); the default split of published data is test.

    Published data are cropped and resized as in the papers unless `fit` says otherwise.

    Raises:
        InputError: The name is unknown, or its place has no data of that kind.
    """
    parsed = dataset_spec.parse(name)
    if parsed.kind == dataset_spec.RENDERED:
        pairs = pair_data.load(name, rendered_pairs=RENDERED_PAIRS, seed=RENDERED_SEED).pairs
        views = [[DrivePicture(pair[side], fit) for pair in pairs] for side in (0, 1)]
        numbers = [str(i) for i in range(len(pairs))]
        return [Drive(name, name, numbers, views[0], views[1], ordered=False, scenes=numbers)]
    return [_published(name, parsed, fit)] if parsed.published else list(_drives(name, parsed, fit))


def _drives(name: str, parsed: dataset_spec.Name, fit: Fit) -> Iterator[Drive]:
    """Yield the drives in folders; an offset in the name shifts their right view."""
    from simnet.world.datasets.stereo_pairs import find_sequences, pair_files

    folders = find_sequences(parsed.kind, Path(parsed.place))
    for folder in folders:
        left, right = pair_files(parsed.kind, folder)
        front = f"{folder.relative_to(parsed.place)}/" if len(folders) > 1 else ""
        for shift in parsed.offsets or (0,):
            times = [t for t in range(len(left)) if 0 <= t + shift < len(right)]
            names = [f"{front}{left[t].stem}{f'{shift:+d}' if shift else ''}" for t in times]
            views = [DrivePicture(left[t], fit) for t in times], [DrivePicture(right[t + shift], fit) for t in times]
            yield Drive(name, str(folder.resolve()), names, *views)


def _published(name: str, parsed: dataset_spec.Name, fit: Fit) -> Drive:
    from simnet.world.datasets.dataset_splits import list_split

    split = list_split(parsed.kind, Path(parsed.place), parsed.split or "test")
    if split.note:
        sys.stderr.write(f"simnet: warning: {printable(split.note)}\n")
    if fit == Fit():
        fit = Fit(protocol=parsed.kind.partition("-")[0])
    views = [[DrivePicture(pair[side], fit) for pair in split.pairs] for side in (0, 1)]
    names = [str(first.relative_to(parsed.place).with_suffix("")) for first, _ in split.pairs]
    # KITTI names its files by scene and frame, Cityscapes by city, drive and frame.
    scenes = [f"{first.parent.parent}/{first.stem.split('_')[0]}" for first, _ in split.pairs]
    place = str(Path(parsed.place).resolve())
    return Drive(name, place, names, views[0], views[1], ordered=False, scenes=scenes, coded="listed")


@lru_cache(maxsize=KEPT)
def _read(path: Path, fit: Fit) -> np.ndarray:
    return fit(read_rgb(path))
