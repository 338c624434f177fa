"""Pictures of a recording as files: those of a folder, a pattern or a list, in the order of their numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from simnet.errors import PictureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2"))
"""How names of picture files end, in small letters."""
_MAGIC = re.compile(r"[*?\[]")


def list_pictures(folder: Path) -> list[Path]:
    """Return the pictures in `folder` in the order of the numbers in their names; hidden files are none.

    Raises:
        PictureError: The folder does not exist or holds no picture.
    """
    if not folder.is_dir():
        raise PictureError(f"{folder}: no such folder; expected one with pictures")
    found = in_order(path for path in folder.iterdir() if _is_picture(path))
    if not found:
        raise PictureError(f"{folder}: no pictures in this folder; expected files like 000000.png")
    return found


def find_pictures(root: Path, source: str) -> list[Path] | None:
    """Return the pictures that a source below `root` names: a folder's, a pattern's, or one; None if it is another file.

    Raises:
        PictureError: There is no such folder or file, or no picture.
    """
    path = root / source
    if path.is_dir():
        return list_pictures(path)
    if path.exists():
        return [path] if _is_picture(path) else None
    if not is_pattern(source):
        raise PictureError(f"{path}: no such file or folder; expected a folder of pictures, a pattern or a video")
    found = in_order(file for file in root.glob(source) if _is_picture(file))
    if not found:
        raise PictureError(f"{path}: no picture has such a name; expected a pattern like cam/*_camera0.png")
    return found


def is_pattern(source: str) -> bool:
    """Return whether a source stands for several files."""
    return _MAGIC.search(source) is not None


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Sort files as people count: frame2 before frame10, and 007 before 7."""
    return sorted(paths, key=lambda path: ([_number_or_text(part) for part in path.parts], str(path)))


def numbers_of(paths: Sequence[Path]) -> list[int]:
    """Return the number of each picture of a data set that numbers its frames, from 0 for the first; else 0, 1, 2, ..."""
    stems = [path.stem for path in paths]
    if not all(stem.isdecimal() for stem in stems):
        return list(range(len(paths)))
    return [int(stem) - int(stems[0]) for stem in stems]


def fit(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the picture cropped around its centre to the aspect ratio and resized (area averaging) to height x width."""
    rows, columns = picture.shape[:2]
    if (rows, columns) == (height, width):
        return picture
    keep_rows = min(rows, max(1, round(columns * height / width)))
    keep_columns = min(columns, max(1, round(rows * width / height)))
    top, left = (rows - keep_rows) // 2, (columns - keep_columns) // 2
    middle = picture[top : top + keep_rows, left : left + keep_columns]
    method = cv2.INTER_AREA if keep_rows >= height else cv2.INTER_LINEAR
    return cv2.resize(middle, (width, height), interpolation=method)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def _number_or_text(part: str) -> list[tuple[int, str]]:
    pieces = re.findall(r"\d+|\D+", part)
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces]
