"""Stereo data sets on disk: the files of left and right views.

KITTI's layouts: Geiger et al. 2013, "Vision meets robotics: the KITTI dataset", and the data set's own devkit.
"""

from __future__ import annotations

from pathlib import Path

from simnet.errors import PictureError
from simnet.picture_files import read_rgb
from simnet.world.recordings.frames import list_pictures

__all__ = ["LAYOUTS", "list_pairs", "pair_files", "read_rgb"]

# Folders of the left and the right view; the first that exists is used, colour before grey.
LAYOUTS: dict[str, tuple[tuple[str, str], ...]] = {
    "pairs": (("left", "right"),),
    "kitti_raw": (("image_02/data", "image_03/data"), ("image_00/data", "image_01/data")),
    "kitti_odometry": (("image_2", "image_3"), ("image_0", "image_1")),
}


def list_pairs(spec: str) -> list[tuple[Path, Path]]:
    """Return the (left, right) files of every drive or sequence in a data set.

    `spec` is `pairs:DIR`, `kitti_raw:DIR` or `kitti_odometry:DIR`, where DIR is one drive or a folder of them.

    Raises:
        PictureError: The kind is unknown, a folder is missing, or a picture has no partner.
    """
    kind, colon, name = spec.partition(":")
    if kind not in LAYOUTS or not colon or not name:
        raise PictureError(f"{spec}: not a data set; expected {', '.join(f'{kind}:DIR' for kind in LAYOUTS)}")
    pairs = []
    for folder in find_sequences(kind, Path(name)):
        pairs += zip(*pair_files(kind, folder), strict=True)
    return pairs


def find_sequences(kind: str, folder: Path) -> list[Path]:
    """Return the folders at or below `folder` that hold a left and a right view, sorted.

    Raises:
        PictureError: There is none.
    """
    if not folder.is_dir():
        raise PictureError(f"{folder}: no such folder; expected {_expected(kind)} in it")
    if _views(kind, folder):
        return [folder]
    found = sorted({path for path in folder.glob("**/") if _views(kind, path)})
    if not found:
        raise PictureError(f"{folder}: nothing of kind {kind} here; expected {_expected(kind)}")
    return found


def pair_files(kind: str, folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the left and the right pictures of one drive or sequence, paired by name and sorted by name.

    Raises:
        PictureError: A folder is missing or a picture has no partner.
    """
    views = _views(kind, folder)
    if views is None:
        raise PictureError(f"{folder}: nothing of kind {kind} here; expected {_expected(kind)}")
    left, right = list_pictures(views[0]), list_pictures(views[1])
    odd = sorted({path.name for path in left} ^ {path.name for path in right})
    if odd:
        raise PictureError(f"{folder}: {odd[0]} is not in both views; expected files of the same names on both sides")
    return left, right


def _views(kind: str, folder: Path) -> tuple[Path, Path] | None:
    for left, right in LAYOUTS[kind]:
        if (folder / left).is_dir() and (folder / right).is_dir():
            return folder / left, folder / right
    return None


def _expected(kind: str) -> str:
    return " or ".join(f"{left} and {right}" for left, right in LAYOUTS[kind])
