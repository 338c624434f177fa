"""Digest of a file's content, worked out once a process for as long as the file is not written to."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

from simnet.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

REMEMBERED = 2**17
"""Digests, of about 300 bytes each."""


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal; it is read again once its size or time of change is another.

    Raises:
        InputError: It cannot be read.
    """
    try:
        status = path.stat()
        return _digest(path.absolute(), status.st_ino, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected a file") from error


@lru_cache(maxsize=REMEMBERED)
def _digest(path: Path, _inode: int, _size_bytes: int, _changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
