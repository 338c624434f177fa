"""Named data sets as pairs of pictures, and random crops of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from simnet.errors import InputError
from simnet.learn import dataset_spec, picture_protocols
from simnet.learn.training_progress import warn
from simnet.picture_files import read_rgb

Pair = tuple[np.ndarray, np.ndarray]
KEPT_BYTES = 4 << 30
"""Limit on the pictures that stay in memory once read; the others are read again each time."""


@dataclass(frozen=True)
class PairSource:
    """One named data set: pairs of uint8 H x W x 3 RGB pictures of one scene; the first of each is coded."""

    name: str
    pairs: Sequence[Pair]


class Files(Sequence[Pair]):
    """Pairs of picture files, read and fitted on access; a file in several pairs is kept in memory once."""

    def __init__(self, files: Sequence[tuple[Path, Path]], fit: Callable[[np.ndarray], np.ndarray] | None) -> None:
        self.files, self.fit = files, fit
        self._kept: dict[Path, np.ndarray] = {}
        self._room = KEPT_BYTES

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Pair:  # type: ignore[override]  # slices are not used
        """Return the pair; PictureError if a file is not a picture or is too small for the protocol."""
        first, second = self.files[index]
        return self._read(first), self._read(second)

    def _read(self, path: Path) -> np.ndarray:
        if path in self._kept:
            return self._kept[path]
        picture = read_rgb(path)
        if self.fit:
            picture = self.fit(picture)
        if picture.nbytes <= self._room:
            self._kept[path] = picture
            self._room -= picture.nbytes
        return picture


def load(name: str, *, rendered_pairs: int, seed: int) -> PairSource:
    """Find or render the data set `name` (see `dataset_spec`); the default split is `test`.

    Published data are cropped and resized as in the papers. If their number of pairs differs from the papers', a warning goes
    to standard error.

    Raises:
        InputError: The name is unknown, or its place has no data of that kind.
    """
    parsed = dataset_spec.parse(name)
    if parsed.kind == dataset_spec.RENDERED:
        from simnet.world.datasets.rendered_pairs import render_pairs

        return PairSource(name, list(render_pairs(parsed.place, rendered_pairs, seed)))
    if parsed.published:
        from simnet.world.datasets.dataset_splits import list_split

        split = list_split(parsed.kind, Path(parsed.place), parsed.split or "test")
        if split.note:
            warn(split.note)
        return PairSource(name, Files(split.pairs, picture_protocols.of(parsed.kind)))
    from simnet.world.datasets.stereo_pairs import find_sequences, pair_files

    drives = [pair_files(parsed.kind, folder) for folder in find_sequences(parsed.kind, Path(parsed.place))]
    offsets = parsed.offsets or (0,)
    pairs = [
        (left[t], right[t + offset])
        for offset in offsets
        for left, right in drives
        for t in range(max(0, -offset), min(len(left), len(right) - offset))
    ]
    if not pairs:
        longest = max(len(left) for left, _ in drives)
        raise InputError(f"{name}: its longest drive has {longest} pairs; expected more than the offset")
    return PairSource(name, Files(pairs, None))


def choose(sources: Sequence[PairSource], rng: np.random.Generator) -> PairSource:
    """Draw a source in proportion to the square root of its size, so that long drives do not dominate."""
    weights = np.sqrt([len(source.pairs) for source in sources])
    return sources[rng.choice(len(sources), p=weights / weights.sum())]


def scale(picture: np.ndarray, factor: float) -> np.ndarray:
    """Shrink a picture by `factor` <= 1 with area averaging."""
    if factor >= 1:
        return picture
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def random_crop(picture: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A random size x size crop at a random scale, flipped half of the time and sometimes gray."""
    smallest = size / min(picture.shape[:2])
    picture = scale(picture, rng.uniform(min(1.0, max(0.5, smallest)), 1.0))
    if min(picture.shape[:2]) < size:
        larger = size / min(picture.shape[:2]) + 1e-3
        picture = cv2.resize(picture, None, fx=larger, fy=larger, interpolation=cv2.INTER_LINEAR)
    top = rng.integers(picture.shape[0] - size + 1)
    left = rng.integers(picture.shape[1] - size + 1)
    crop = picture[top : top + size, left : left + size]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < 0.1:
        crop = crop.mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    return crop


def centre(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """The largest centre crop of aspect width : height, resized to width x height (area)."""
    h, w = picture.shape[:2]
    side = min(h / height, w / width)
    ch, cw = round(height * side), round(width * side)
    top, left = (h - ch) // 2, (w - cw) // 2
    return cv2.resize(picture[top : top + ch, left : left + cw], (width, height), interpolation=cv2.INTER_AREA)
