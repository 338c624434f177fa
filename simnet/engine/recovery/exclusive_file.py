"""Lock on an open file against other processes, on POSIX systems and on Windows.

It ends with the process, however that ends.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from io import FileIO

_FAR = 1 << 40
"""Where Windows locks a byte: nobody else may read what is locked, so it lies behind any content."""


def lock(file: FileIO) -> None:
    """Lock a file while it is open; BlockingIOError if another process has locked it."""
    if sys.platform == "win32":
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
