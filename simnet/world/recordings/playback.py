"""What a camera shows of its recording at a time: pictures counted from its first capture, or a film by its own clock."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

from simnet import picture_files
from simnet.errors import PictureError
from simnet.picture_files import WrongSizeError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from simnet.records import CameraConfig


class Playback(Protocol):
    """A camera's recording. `where` names it in errors."""

    where: str

    def read(self, t_ns: int) -> np.ndarray:
        """Return the picture for a time (uint8, H x W x 3, RGB) or raise PictureError."""
        ...

    def end_ns(self, until_ns: int) -> int | None:
        """Return the time at which the recording ends; None if that is after `until_ns`."""
        ...

    def close(self) -> None:
        """Close open files."""
        ...


class PicturePlayback:
    """Picture files without times: one for each capture, the first capture showing picture `first`.

    `numbers` are the pictures' own, ascending from 0: over a gap in them the last picture before it stays.
    """

    def __init__(
        self, camera: CameraConfig, paths: Sequence[Path], where: str, numbers: Sequence[int] = (), first: int = 0
    ) -> None:
        """Play files of one size."""
        self.where = where
        self._camera, self._paths, self._first = camera, paths, first
        self._numbers = numbers or range(len(paths))
        self._shape: tuple[int, ...] | None = None

    def end_ns(self, until_ns: int) -> int | None:
        """Return the time of the first capture without a picture, if it is not after `until_ns`."""
        end_ns = self._camera.phase_ns + self._count * self._camera.period_ns
        return end_ns if end_ns <= until_ns else None

    def files_before(self, t_ns: int) -> list[Path]:
        """Return the files that are read for captures before a time; the first one's size is that of all."""
        last = self._first + -(-t_ns // self._camera.period_ns)
        begin, end = self._index(self._first), self._index(max(last - 1, self._first)) + 1
        return list(dict.fromkeys([*self._paths[:1], *self._paths[begin:end]]))

    def read(self, t_ns: int) -> np.ndarray:
        """Return the picture of the capture nearest to `t_ns`; a tie gives the later one."""
        camera = self._camera
        capture = (2 * (t_ns - camera.phase_ns) + camera.period_ns) // (2 * camera.period_ns)
        if not 0 <= capture < self._count:
            raise PictureError(
                f"{self.where}: {camera.name} has no frame {capture} (at {t_ns / 1e9:.3f} s); it has {self._count}"
            )
        if self._shape is None:
            self._shape = picture_files.read_rgb(self._paths[0]).shape
        return self._of_size(self._index(self._first + capture), self._shape)

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    @property
    def _count(self) -> int:
        """Number of captures that have a picture."""
        return max(0, self._numbers[-1] + 1 - self._first)

    def _index(self, number: int) -> int:
        return bisect_right(self._numbers, number) - 1

    def _of_size(self, index: int, expected: tuple[int, ...]) -> np.ndarray:
        tall, wide = expected[:2]
        try:
            picture = picture_files.read_rgb(self._paths[index], (wide, tall))
            height, width = picture.shape[:2]
        except WrongSizeError as error:
            picture, (width, height) = None, error.size
        if picture is None or picture.shape != expected:
            raise PictureError(
                f"{self._paths[index]}: picture of {width} x {height}; expected {wide} x {tall}, as the first is"
            )
        return picture
