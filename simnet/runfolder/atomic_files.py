"""Files that appear whole: written under another name, then renamed.

`replace_file` writes bytes at once, also where several processes write the same file. `PartialFile` is a file that one process
writes bit by bit. What a killed process leaves behind ends in `.part` either way.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from simnet.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".part"


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` to `path`; its readers, and other writers at the same time, see a whole file.

    Raises:
        OSError: The folder cannot be written to.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


class PartialFile:
    """One file while it is written: at `partial`, until `keep` gives it its name."""

    def __init__(self, path: Path) -> None:
        """Make the folder of the file.

        Raises:
            InputError: The folder cannot be made.
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
        """Remove the unfinished file, and its folder if nothing else is in it."""
        self.partial.unlink(missing_ok=True)
        with suppress(OSError):
            self.path.parent.rmdir()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn an OSError into an InputError that names the file."""
        try:
            yield
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from error


def drop_leftovers(folder: Path) -> None:
    """Remove the unfinished files that a killed run left in its folder; a run that resumes writes them anew."""
    for partial in [*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*/*{SUFFIX}")]:
        PartialFile(partial.with_suffix("")).drop()
