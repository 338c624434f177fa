"""Data sets with published splits: the training, validation and test pairs of papers.

    kitti-stereo    2012 and 2015, frames 10 and 11; both directions of every pair       1576 / 790 / 790 pairs
    kitti-general   2012 and 2015, opposite cameras, one to three frames apart              - / 912 / 3607
    cityscapes      leftImg8bit, rightImg8bit                                            2975 / 500 / 1525

The protocol is DSIN's (Ayzik and Avidan, ECCV 2020), which NDIC (DCC 2022) and ATN (WACV 2023) follow. KITTI Stereo trains on the
`training` folders and takes frame 11 of the `testing` folders for validation and frame 10 of the *same* scenes for testing: the
two are near-duplicates, so that selection on the validation set is almost selection on the test set. KITTI General takes
validation and test pairs from the same 20 scenes, often from the same frames.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from simnet.errors import PictureError

Files = tuple[Path, Path]
"""The encoded picture and the side-information picture."""

SPLITS = ("train", "val", "test")
COUNTS = {
    "kitti-stereo": {"train": 1576, "val": 790, "test": 790},
    "kitti-general": {"val": 912, "test": 3607},
    "cityscapes": {"train": 2975, "val": 500, "test": 1525},
}
"""Number of pairs per split in the papers; unpublished for KITTI General's training split."""

YEARS = {
    2015: ("data_scene_flow_multiview", "data_scene_flow"),
    2012: ("data_stereo_flow_multiview", "data_stereo_flow"),
}
"""Folders of the two benchmarks, in the order of the published lists."""
VIEWS = (("image_2", "image_3"), ("colored_0", "colored_1"))
"""Folders of the left and right colour cameras, in the archive of 2015 and in that of 2012."""
GENERAL_SCENES = {
    2015: (29, 79, 85, 100, 105, 110, 129, 150, 158, 175),
    2012: (4, 33, 41, 44, 49, 52, 122, 158, 166, 167),
}
"""Scenes of the `testing` folders in KITTI General's published validation and test lists."""
APART = 3
VALIDATION_SHARE = 5
"""Inverse share of these scenes' pairs used for validation: 912 of 4560."""


@dataclass(frozen=True)
class Split:
    """The pairs of one split. `note` is a warning if their number differs from the papers', else empty."""

    pairs: list[Files]
    note: str = ""


def list_split(kind: str, folder: Path, split: str) -> Split:
    """List the pairs of `kind` below `folder` in the order of the published lists, if those have one.

    Lists in the authors' own format (`KITTI_general_val.txt` and so on, in `folder` or in `folder/data_paths`) are used
    unchanged. Without a list, KITTI Stereo follows exactly from the rule above. KITTI General's lists are a random draw from the
    4560 pairs of its 20 scenes (a fifth of which is 912; the rest is 41 more than 3607), so a digest of the pairs' names selects
    the same number here.

    Raises:
        PictureError: The kind or split is unknown, or a folder or file is missing.
    """
    if kind not in COUNTS or split not in SPLITS:
        raise PictureError(
            f"{kind}#{split}: unknown; expected one of {', '.join(COUNTS)}, and one of {', '.join(SPLITS)}"
        )
    if not folder.is_dir():
        raise PictureError(f"{folder}: no such folder; expected {_expected(kind)} in it")
    pairs = _listed(kind, folder, split)
    if pairs is None:
        makers = {"kitti-stereo": _stereo, "kitti-general": _general, "cityscapes": _cityscapes}
        pairs = makers[kind](folder, split)
    if not pairs:
        raise PictureError(f"{folder}: no pairs for {kind}#{split}; expected {_expected(kind)}")
    wanted = COUNTS[kind].get(split, len(pairs))
    note = f"{kind}:{folder}#{split}: {len(pairs)} pairs; the papers have {wanted}" if len(pairs) != wanted else ""
    return Split(pairs, note)


def _listed(kind: str, folder: Path, split: str) -> list[Files] | None:
    """Read a list in the authors' format: two lines per pair, each a path below the folder."""
    name = f"KITTI_{kind.removeprefix('kitti-')}_{split}.txt"
    found = [path for path in (folder / name, folder / "data_paths" / name) if path.is_file()]
    if not found or not kind.startswith("kitti-"):
        return None
    lines = found[0].read_text().split()
    if len(lines) % 2:
        raise PictureError(f"{found[0]}: {len(lines)} lines; expected two for each pair")
    files = [_as_stored(folder / line) for line in lines]
    missing = [line for line, file in zip(lines, files, strict=True) if not file.is_file()]
    if missing:
        raise PictureError(f"{found[0]}: {missing[0]} is not below {folder}; expected every picture of the list there")
    return list(zip(files[::2], files[1::2], strict=True))


def _as_stored(file: Path) -> Path:
    """Return the path as stored: the lists use the camera names of 2015 for 2012 too, the archive of 2012 does not."""
    if file.is_file():
        return file
    return file.parent.with_name(dict(zip(*VIEWS, strict=True)).get(file.parent.name, file.parent.name)) / file.name


@dataclass(frozen=True)
class _Part:
    """The `training` or `testing` folder of one year: frames of both cameras by number, per scene."""

    year: int
    folder: Path
    views: tuple[str, str]
    scenes: dict[int, list[int]]

    def file(self, scene: int, frame: int, side: int) -> Path:
        return self.folder / self.views[side] / f"{scene:06d}_{frame:02d}.png"


def _parts(folder: Path, names: tuple[str, ...]) -> Iterator[_Part]:
    years = {year: found[0] for year, all_names in YEARS.items() if (found := _existing(folder, all_names))}
    if not years:
        raise PictureError(f"{folder}: neither benchmark here; expected {_expected('kitti-stereo')}")
    for (year, place), name in product(years.items(), names):
        part = place / name
        views = next((views for views in VIEWS if all((part / view).is_dir() for view in views)), None)
        if views is None:
            wanted = " or ".join(f"{left} and {right}" for left, right in VIEWS)
            raise PictureError(f"{part}: no colour pictures of both cameras; expected {wanted} in it")
        yield _Part(year, part, views, _scenes(part, views))


def _existing(folder: Path, names: tuple[str, ...]) -> list[Path]:
    inside = [folder / name for name in names if (folder / name).is_dir()]
    return inside or [folder for name in names if folder.name == name]


def _scenes(part: Path, views: tuple[str, str]) -> dict[int, list[int]]:
    left, right = ({path.name for path in (part / view).glob("*_*.png")} for view in views)
    if odd := sorted(left ^ right):
        view = views[0] if odd[0] in right else views[1]
        raise PictureError(f"{part / view / odd[0]}: missing; expected the same files of both cameras")
    scenes: dict[int, list[int]] = {}
    for name in sorted(left):
        if match := re.fullmatch(r"(\d{6})_(\d{2})\.png", name):
            scenes.setdefault(int(match[1]), []).append(int(match[2]))
    return scenes


def _stereo(folder: Path, split: str) -> list[Files]:
    frames = {"train": (10, 11), "val": (11,), "test": (10,)}[split]
    pairs: list[Files] = []
    for part in _parts(folder, ("training",) if split == "train" else ("testing",)):
        for scene, frame in product(part.scenes, frames):
            if frame not in part.scenes[scene]:
                raise PictureError(f"{part.file(scene, frame, 0)}: missing; expected frames 10 and 11 of every scene")
        places = list(product(part.scenes, frames))
        for side in (0, 1):
            pairs += [(part.file(scene, t, side), part.file(scene, t, 1 - side)) for scene, t in places]
    return pairs


def _general(folder: Path, split: str) -> list[Files]:
    names = ("training", "testing") if split == "train" else ("testing",)
    found: list[tuple[str, Files]] = []
    for part in _parts(folder, names):
        kept = GENERAL_SCENES[part.year] if part.folder.name == "testing" else ()
        for scene, frames in part.scenes.items():
            if (scene in kept) == (split == "train"):
                continue
            for first, second, side in product(frames, frames, (0, 1)):
                if 1 <= abs(first - second) <= APART:
                    name = f"{part.year} {scene} {first} {second} {side}"
                    found.append((name, (part.file(scene, first, side), part.file(scene, second, 1 - side))))
    if split != "train":
        found.sort(key=lambda item: hashlib.sha256(item[0].encode()).digest())
        validating = len(found) // VALIDATION_SHARE
        most = COUNTS["kitti-general"]["test"]
        found = found[:validating] if split == "val" else found[validating : validating + most]
    return [files for _, files in found]


def _cityscapes(folder: Path, split: str) -> list[Files]:
    left, right = (folder / name / split for name in ("leftImg8bit", "rightImg8bit"))
    for view in (left, right):
        if not view.is_dir():
            raise PictureError(f"{view}: no such folder; expected {_expected('cityscapes')}")
    there = set(right.glob("*/*_rightImg8bit.png"))
    pairs = []
    for file in sorted(left.glob("*/*_leftImg8bit.png")):
        other = right / file.parent.name / file.name.replace("_leftImg8bit", "_rightImg8bit")
        if other not in there:
            raise PictureError(f"{other}: missing; expected the right picture of {file}")
        pairs.append((file, other))
    return pairs


def _expected(kind: str) -> str:
    if kind == "cityscapes":
        return "leftImg8bit/SPLIT/CITY and rightImg8bit/SPLIT/CITY with pictures"
    folders = " and ".join(f"{names[0]} (KITTI {year})" for year, names in sorted(YEARS.items()))
    return f"{folders}, each with training and testing"
