"""A file that has its name only once it is whole: what a killed run leaves behind ends in `.part`."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SUFFIX = ".part"


class PartialFile:
    """One file of an export while it is written: at `partial`, until `keep` gives it its name."""

    def __init__(self, path: Path) -> None:
        """Make the folder that it is to be in.

        Raises:
            InputError: That cannot be made.
        """
        self.path = path
        self.partial = path.with_name(f"{path.name}{SUFFIX}")
        with self.telling():
            path.parent.mkdir(parents=True, exist_ok=True)

    def keep(self) -> None:
        """Give the file its name: it is whole."""
        with self.telling():
            self.partial.replace(self.path)

    def drop(self) -> None:
        """Remove what there is of it, and its folder if nothing else is in it."""
        self.partial.unlink(missing_ok=True)
        with suppress(OSError):
            self.path.parent.rmdir()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Say of an OSError which file could not be written."""
        try:
            yield
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from error


def drop_leftovers(folder: Path) -> None:
    """Remove what a killed run left unfinished in its folder: whoever goes on with it begins such files anew or not at all."""
    for partial in [*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*/*{SUFFIX}")]:
        PartialFile(partial.with_suffix("")).drop()
