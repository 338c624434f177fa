"""Files that are written: whole or not at all, and a fault of the disk is one line with the file and a remedy.

    writing(path)        turns an OSError into an OutputError          every write in the project is inside one
    write_whole, whole   a file that appears at once, by a rename      also where several processes write the same file
    write_own            the same for a file that one process writes
    PartialFile          a file that one process writes bit by bit

What a killed process leaves behind ends in `.part`.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from simnet.errors import InputError, OutputError, SimnetError

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = ".part"

_ROOM, _RIGHT = "expected room on its disk", "expected permission to write there"
_FILES = "expected a higher limit on open files (ulimit -n)"
_REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: "expected a disk that is not read-only",
    errno.EACCES: _RIGHT,
    errno.EPERM: _RIGHT,
    errno.ENOENT: "expected its folder to be there",
    errno.EFBIG: "expected a higher limit on the size of files (ulimit -f)",
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
    errno.ENOMEM: "expected more memory",
    errno.EAGAIN: "expected fewer processes and threads (ulimit -u)",
    errno.EIO: "expected a disk that works",
}
_NAMES = {
    errno.EEXIST: "expected the name of a folder, or a new one",
    errno.ENOTDIR: "expected the name of a folder before the last /",
    errno.EISDIR: "expected the name of a file, not of a folder",
    errno.ENAMETOOLONG: "expected a shorter name",
    errno.ELOOP: "expected links that end somewhere",
}
"""Faults of the name that the user gave, not of the system."""


def cause(error: BaseException) -> str:
    """Return what a fault of the system was, and a remedy. Libraries put text of their own around it: only its number counts."""
    code = getattr(error, "errno", None)
    if not isinstance(code, int):
        return f"{' '.join(str(error).split())[:200]}; expected a place that can be written"
    return f"{os.strerror(code)}; {(_REMEDIES | _NAMES).get(code, 'expected a place that can be written')}"


def is_of_system(error: BaseException) -> bool:
    """Return whether an error says that the system refused something: an OSError, or one of a library's own with its number."""
    return isinstance(error, OSError) or getattr(error, "errno", None) in _REMEDIES


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError of a write to `path` into an OutputError, or an InputError if the name is at fault."""
    try:
        yield
    except OSError as error:
        raise fault(f"{path}: cannot be written", error) from error


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those that it is in, unless it is there.

    Raises:
        OutputError: It cannot be made.
        InputError: Its name is that of a file.
    """
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise fault(f"{folder}: cannot be made", error) from error


def fault(text: str, error: OSError) -> SimnetError:
    """Return the error for an OSError: an InputError if a name that the user gave is at fault, else an OutputError."""
    kind = InputError if error.errno in _NAMES else OutputError
    return kind(f"{text}: {cause(error)}")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a name to write to; what is there at the end of the block appears at `path` at once, after an error it is gone.

    A device or a pipe is written to as it is; a link stays one.

    Raises:
        OutputError: The file cannot be written.
    """
    with writing(path):
        target = Path(os.path.realpath(path))
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            yield target
            return
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=SUFFIX, dir=target.parent)
        try:
            os.close(handle)
            yield Path(name)
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)
            os.replace(name, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`; its readers, and other writers at the same time, see a whole file.

    Raises:
        OutputError: The file cannot be written.
    """
    with whole(path) as aside:
        aside.write_bytes(data)


def write_own(path: Path, data: bytes) -> None:
    """Write `data` to a file of this process alone, which appears whole; it takes a third of the system calls of `write_whole`.

    Raises:
        OutputError: The file cannot be written.
    """
    aside = f"{path}{SUFFIX}"
    with writing(path):
        try:
            Path(aside).write_bytes(data)
            os.replace(aside, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(aside)
            raise


class Closable(Protocol):
    """Something open that writes to a file."""

    def close(self) -> object:
        """Write what is still in its buffer, and close."""
        ...


class PartialFile:
    """One file while it is written: at `partial`, until `keep` gives it its name."""

    def __init__(self, path: Path) -> None:
        """Make the folder of the file.

        Raises:
            OutputError: The folder cannot be made.
        """
        self.path = path
        self.partial = path.with_name(f"{path.name}{SUFFIX}")
        make_folder(path.parent)

    def keep(self) -> None:
        """Give the file its name: it is whole."""
        with self.telling():
            self.partial.replace(self.path)

    def drop(self, *opened: Closable) -> None:
        """Close what writes to the unfinished file, remove it, and its folder if nothing else is in it."""
        for each in opened:
            with suppress(OSError):  # what is still in its buffer may not fit either
                each.close()
        with suppress(OSError):
            self.partial.unlink(missing_ok=True)
            self.path.parent.rmdir()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn an OSError into an OutputError that names the file."""
        with writing(self.path):
            yield


def drop_leftovers(folder: Path) -> None:
    """Remove the unfinished files that a killed run left in its folder; a run that resumes writes them anew."""
    for partial in list(folder.rglob(f"*{SUFFIX}")):
        with suppress(OSError):
            partial.unlink()
            partial.parent.rmdir()
