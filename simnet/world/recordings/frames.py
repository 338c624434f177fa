"""Numbered frames from a folder of pictures or from a video file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from simnet import picture_files
from simnet.errors import PictureError
from simnet.library_threads import CODER_THREADS

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2"))

PLAYLISTS = (b"#extm3u", b"ffconcat", b"<?xml", b"<mpd", b"v=0", b"[playlist]", b"[reference]", b"rtsptext")
"""How files begin, in small letters, that FFmpeg takes for lists of other files or addresses."""


class Frames(Protocol):
    """A recorded sequence of frames. `where` names it in errors."""

    where: str

    def __len__(self) -> int: ...

    def read(self, index: int, expected: tuple[int, int] | None = None) -> np.ndarray:
        """Return frame `index` (uint8, H x W x 3, RGB) or raise PictureError; `expected` is its width and height, if known."""
        ...

    def close(self) -> None:
        """Close open files."""
        ...


def list_pictures(folder: Path) -> list[Path]:
    """Return the pictures in `folder`, sorted by name.

    Raises:
        PictureError: The folder does not exist or holds no picture.
    """
    if not folder.is_dir():
        raise PictureError(f"{folder}: no such folder; expected one with pictures")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not found:
        raise PictureError(f"{folder}: no pictures in this folder; expected files like 000000.png")
    return found


def open_frames(path: Path) -> Frames:
    """Open a folder of pictures or a video file.

    Raises:
        PictureError: `path` is neither.
    """
    if path.is_dir():
        return PictureFiles(list_pictures(path), str(path))
    if not path.exists():
        raise PictureError(f"{path}: no such file or folder; expected a folder of pictures or a video")
    return Video(path)


class PictureFiles:
    """Frames stored as one file each."""

    def __init__(self, paths: Sequence[Path], where: str) -> None:
        self._paths = paths
        self.where = where

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, index: int, expected: tuple[int, int] | None = None) -> np.ndarray:
        """Return picture `index`."""
        return picture_files.read_rgb(self._paths[index], expected)

    def close(self) -> None:
        """Do nothing: no file is kept open."""


class Video:
    """Frames of a video file, decoded in order: counting is exact in every format, seeking is not."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        cv2.setLogLevel(0)
        self._capture = self._opened()
        self._length = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)) if self._capture.isOpened() else 0
        if self._length <= 0:
            raise PictureError(f"{path}: not a readable video; expected a format that OpenCV decodes")
        width, height = (int(self._capture.get(each)) for each in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        picture_files.check_size(width, height, where=f"{path}: ")
        self._next = 0

    def __len__(self) -> int:
        return self._length

    def read(self, index: int, expected: tuple[int, int] | None = None) -> np.ndarray:
        """Return frame `index`; a lower index than before decodes again from the start."""
        if index < self._next:
            self._capture.release()
            self._capture = self._opened()
            self._next = 0
        while self._next < index and self._capture.grab():
            self._next += 1
        found, picture = self._capture.read()
        if self._next < index or not found:
            raise PictureError(f"{self.where}: frame {index} cannot be decoded; the file says it has {self._length}")
        self._next += 1
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)

    def _opened(self) -> cv2.VideoCapture:
        """Open the file itself; a playlist names others, in folders or on the network, which FFmpeg would open."""
        with Path(self.where).open("rb") as file:
            head = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if head.startswith(PLAYLISTS):
            raise PictureError(f"{self.where}: a playlist that names other files; expected a video")
        return cv2.VideoCapture(self.where, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, CODER_THREADS])

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


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
