"""Pictures of a data set as files with times, and what all readers of such data sets do: choose a drive, compare sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from simnet import picture_files
from simnet.errors import PictureError
from simnet.printable import names_of_file, printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUFFIXES = (".png", ".jpg", ".jpeg")
"""How names of pictures in these data sets end, in small letters."""


class StoredPicture(NamedTuple):
    """A picture file, and its time in the drive."""

    t_ns: int
    path: Path


def size_of(path: Path) -> tuple[int, int]:
    """Return width and height of a picture file, without its pixels.

    Raises:
        PictureError: It is damaged or too large.
    """
    try:
        with path.open("rb") as stream, picture_files.opened(stream) as image:
            return image.size
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from error
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror}); expected a picture") from error


def chosen(found: Mapping[str, Path], sequence: str | None, root: Path, what: str) -> Path:
    """Return the folder of a drive by its name: the only one, or the one that is named.

    Raises:
        PictureError: There is none, or a name is needed.
    """
    if sequence is not None and sequence in found:
        return found[sequence]
    if not found:
        raise PictureError(f"{root}: no {what} in it")
    if sequence is None and len(found) == 1:
        return next(iter(found.values()))
    names = names_of_file(sorted(found))
    if sequence is None:
        raise PictureError(f"{root}: holds {len(found)} drives; expected world.sequence to name one of: {names}")
    raise PictureError(f"{root}: no drive {printable(sequence)!r} here; expected one of: {names}")
