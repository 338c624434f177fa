"""Pictures of a pack, and random crops and views of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

CROP = 256
HEIGHT, WIDTH = 128, 256
"""Size of views of a scene."""
SIDES = 2
DROP = 0.12
"""Share of side views from another scene."""
NEAR = (1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 10)
"""Offsets (frames) of side views of the same drive; near ones more often."""

Groups = dict[str, list[tuple[np.ndarray, ...]]]
"""Entries by source: pairs, or single pictures; uint8 H x W, or H x W x 3 RGB."""


def read(path: Path) -> np.ndarray:
    """Read a picture: RGB, or one channel if it is gray."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"{path}: not a picture that OpenCV reads")
    gray = (picture == picture[..., :1]).all()
    return np.ascontiguousarray(picture[..., 0] if gray else picture[..., ::-1])


def load(root: Path) -> Groups:
    """Pictures of a pack."""
    found: Groups = {}
    with ThreadPoolExecutor(16) as pool:
        for folder in sorted(root.glob("*/*")):
            sides = [folder / "left", folder / "right"] if folder.parent.name == "pairs" else [folder]
            columns = [pool.map(read, sorted(side.iterdir())) for side in sides]
            found[f"{folder.parent.name}/{folder.name}"] = list(zip(*columns, strict=True))
    return found


def shares(groups: Groups, names: list[str]) -> np.ndarray:
    """Share of each source in what is drawn: by the square root of its size, so that long drives do not dominate."""
    weights = np.sqrt([len(groups[name]) for name in names])
    return weights / weights.sum()


def rgb(picture: np.ndarray) -> np.ndarray:
    """A picture with three channels."""
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


def scaled_contrast(picture: np.ndarray, gain: float | np.ndarray, shift: float) -> np.ndarray:
    """Another contrast around the middle gray, and brightness."""
    return np.clip((picture.astype(np.float32) - 128) * gain + 128.5 + shift, 0, 255).astype(np.uint8)


def crop(groups: Groups, rng: np.random.Generator) -> np.ndarray:
    """A CROP x CROP x 3 crop: scaled, turned, perhaps gray, blurred, of another contrast or colour."""
    names = list(groups)
    entries = groups[names[rng.choice(len(names), p=shares(groups, names))]]
    entry = entries[rng.integers(len(entries))]
    picture = entry[rng.integers(len(entry))]
    height, width = picture.shape[:2]
    least = max(0.5, CROP / height, CROP / width)
    scale = float(np.exp(rng.uniform(np.log(least), np.log(max(1.4, least)))))
    h, w = min(height, round(CROP / scale)), min(width, round(CROP / scale))
    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
    picture = picture[top : top + h, left : left + w]
    if picture.ndim == 3 and rng.random() < 0.3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    picture = cv2.resize(picture, (CROP, CROP), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return rgb(varied(picture, rng))


def varied(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Flip, turn, blur a square picture, and change its contrast and colours; each at times."""
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    if rng.random() < 0.1:
        picture = picture[::-1]
    if rng.random() < 0.1:
        picture = picture.swapaxes(0, 1)
    if rng.random() < 0.15:
        picture = cv2.GaussianBlur(np.ascontiguousarray(picture), (0, 0), float(rng.uniform(0.4, 1.5)))
    if rng.random() < 0.35:
        tint = rng.uniform(0.85, 1.15, 3) if picture.ndim == 3 and rng.random() < 0.5 else 1.0
        picture = scaled_contrast(picture, rng.uniform(0.6, 1.25) * tint, rng.uniform(-25, 25))
    if picture.ndim == 3 and rng.random() < 0.1:
        picture = picture[..., rng.permutation(3)]
    return picture


def centre(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """The largest centre crop of aspect width : height, resized."""
    h, w = picture.shape[:2]
    side = min(h / height, w / width)
    rows, columns = round(height * side), round(width * side)
    top, left = (h - rows) // 2, (w - columns) // 2
    return cv2.resize(picture[top : top + rows, left : left + columns], (width, height), interpolation=cv2.INTER_AREA)


def window(pictures: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """The same HEIGHT x WIDTH window of every picture at a random scale, flipped half of the time."""
    height, width = pictures[0].shape[:2]
    smallest = max(HEIGHT / height, WIDTH / width)
    if smallest > 1:
        pictures = [centre(picture, HEIGHT, WIDTH) for picture in pictures]
    else:
        factor = min(1.0, rng.uniform(smallest, 1.0) + 2 / min(height, width))
        pictures = [cv2.resize(each, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) for each in pictures]
    height, width = pictures[0].shape[:2]
    top, left = rng.integers(height - HEIGHT + 1), rng.integers(width - WIDTH + 1)
    step = -1 if rng.random() < 0.5 else 1
    return [np.ascontiguousarray(each[top : top + HEIGHT, left : left + WIDTH][:, ::step]) for each in pictures]


def views(groups: Groups, rng: np.random.Generator) -> np.ndarray:
    """A picture and SIDES side views, uint8 (1 + SIDES, HEIGHT, WIDTH, 3): the other camera's, of another time, or unrelated."""
    names = [name for name in groups if name.startswith("pairs/")]
    weights = shares(groups, names)
    entries = groups[names[rng.choice(len(names), p=weights)]]
    place, eye = int(rng.integers(len(entries))), int(rng.integers(2))
    chosen = [entries[place][eye]]
    for _ in range(SIDES):
        draw = rng.random()
        if draw < DROP:
            other = groups[names[rng.choice(len(names), p=weights)]]
            view = other[int(rng.integers(len(other)))][int(rng.integers(2))]
        elif draw < DROP + (1 - DROP) * 0.35:
            near = int(np.clip(place + rng.choice((-1, 1)) * rng.choice(NEAR), 0, len(entries) - 1))
            view = entries[near][int(rng.integers(2))]
        else:
            view = entries[place][1 - eye]
        chosen.append(view if view.shape[:2] == chosen[0].shape[:2] else centre(view, *chosen[0].shape[:2]))
    pictures = window([rgb(each) for each in chosen], rng)
    if rng.random() < 0.2:  # the cameras' exposures differ
        pictures[1:] = [scaled_contrast(each, rng.uniform(0.85, 1.15), rng.uniform(-12, 12)) for each in pictures[1:]]
    return np.stack(pictures)
