"""Serialization for the cache library without pickle: keys are text, values are bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from diskcache import UNKNOWN, Disk  # pyright: ignore[reportMissingTypeStubs]
from diskcache.core import MODE_BINARY, MODE_RAW  # pyright: ignore[reportMissingTypeStubs]


class ForeignEntryError(Exception):
    """Raised for an entry that is neither bytes in the database nor bytes in a file."""


class RawDisk(Disk):
    """Stores text keys and bytes; refuses everything that needs pickle."""

    def put(self, key: Any) -> Any:
        """Return a key in the form of the database; TypeError if it is not text."""
        if type(key) is not str:
            raise TypeError(f"key of type {type(key).__name__}; expected text: nothing is pickled here")
        return key, True

    def get(self, key: Any, raw: bool) -> str:
        """Return the key for which `put` returned this."""
        if not raw or type(key) is not str:
            raise ForeignEntryError("a key that is not text; nothing is unpickled here")
        return key

    def store(self, value: Any, read: bool, key: Any = UNKNOWN) -> Any:
        """Store bytes in the database or in a file; TypeError for anything else."""
        if read or type(value) is not bytes:
            raise TypeError(f"value of type {type(value).__name__}; expected bytes: nothing is pickled here")
        parent = cast("Any", super())
        return parent.store(value, read, key)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> bytes:
        """Return the bytes that `store` stored; OSError if their file is gone."""
        folder = Path(cast("str", self._directory))
        if mode == MODE_RAW and type(value) is bytes:
            return value
        if mode == MODE_BINARY and filename is not None and not read:
            return (folder / filename).read_bytes()
        raise ForeignEntryError(f"a value of mode {mode}; nothing is unpickled here")

    def filename(self, key: Any = UNKNOWN, value: Any = UNKNOWN) -> tuple[str, str]:
        """Return a new file's name in the cache's folder, and its path."""
        del key, value
        # One folder level: the library's two levels are 65,536 folders, which take longer to make than the files take to write.
        name = os.urandom(16).hex()
        inside = f"{name[:2]}/{name[2:]}.val"
        return inside, str(Path(cast("str", self._directory)) / inside)
