"""Named data as pairs of pictures in memory, and random crops of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from simnet.errors import InputError

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Source:
    """One named data set: pairs of uint8 H x W x 3 RGB pictures of the same scene."""

    name: str
    pairs: list[Pair]


def load(name: str, *, rendered_pairs: int, seed: int) -> Source:
    """Read or render the data called `name` (`pairs:DIR`, `kitti_raw:DIR`, `kitti_odometry:DIR`, `rendered:SCENE`)."""
    kind, _, place = name.partition(":")
    if kind == "rendered":
        from simnet.world.rendered_pairs import render_pairs

        return Source(name, list(render_pairs(place, rendered_pairs, seed)))
    from simnet.world.pairs import LAYOUTS, list_pairs, read_rgb

    if kind not in LAYOUTS:
        kinds = ", ".join(f"{each}:DIR" for each in LAYOUTS)
        raise InputError(f"{name}: not a data set; expected {kinds} or rendered:SCENE")

    pairs = [(read_rgb(left), read_rgb(right)) for left, right in list_pairs(name)]
    if not pairs:
        raise InputError(f"{name}: holds no pairs; expected pictures of equal names under left/ and right/")
    return Source(name, pairs)


def choose(sources: Sequence[Source], rng: np.random.Generator) -> Source:
    """Draw a source; it counts by the square root of its size, so that long drives do not drown the others."""
    weights = np.sqrt([len(source.pairs) for source in sources])
    return sources[rng.choice(len(sources), p=weights / weights.sum())]


def scale(picture: np.ndarray, factor: float) -> np.ndarray:
    """Shrink by `factor` <= 1 with area averaging."""
    if factor >= 1:
        return picture
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def random_crop(picture: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A random size x size crop at a random scale, flipped half of the time; gray now and then."""
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
    """The largest centre crop of aspect width : height, resized to it (area)."""
    h, w = picture.shape[:2]
    side = min(h / height, w / width)
    ch, cw = round(height * side), round(width * side)
    top, left = (h - ch) // 2, (w - cw) // 2
    return cv2.resize(picture[top : top + ch, left : left + cw], (width, height), interpolation=cv2.INTER_AREA)
