"""The part of the cache library that makes bytes of keys and values, without its pickles: text keys and bytes, nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from diskcache import UNKNOWN, Disk
from diskcache.core import MODE_BINARY, MODE_RAW


class ForeignEntryError(Exception):
    """An entry that is neither bytes in the data base nor bytes in a file."""


class RawDisk(Disk):
    """Keys are text, values bytes; whatever would have to be pickled or unpickled is refused."""

    def put(self, key: Any) -> Any:
        """Return a key as the data base has it; TypeError if it is not text."""
        if type(key) is not str:
            raise TypeError(f"key of type {type(key).__name__}; expected text: nothing is pickled here")
        return key, True

    def get(self, key: Any, raw: bool) -> str:
        """Return the key that `put` made this of."""
        if not raw or type(key) is not str:
            raise ForeignEntryError("a key that is no text; nothing is unpickled here")
        return key

    def store(self, value: Any, read: bool, key: Any = UNKNOWN) -> Any:
        """Store bytes in the data base or in a file; TypeError for anything else."""
        if read or type(value) is not bytes:
            raise TypeError(f"value of type {type(value).__name__}; expected bytes: nothing is pickled here")
        return super().store(value, read, key)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> bytes:
        """Return the bytes that `store` stored; OSError if their file is gone."""
        if mode == MODE_RAW and type(value) is bytes:
            return value
        if mode == MODE_BINARY and filename is not None and not read:
            return (Path(self._directory) / filename).read_bytes()
        raise ForeignEntryError(f"a value of mode {mode}; nothing is unpickled here")

    def filename(self, key: Any = UNKNOWN, value: Any = UNKNOWN) -> tuple[str, str]:
        """Return a new file's name in the cache's folder, and its path."""
        del key, value
        # One folder deep: the library's two make 65,536 folders, and making them takes longer than writing their files.
        name = os.urandom(16).hex()
        inside = f"{name[:2]}/{name[2:]}.val"
        return inside, str(Path(self._directory) / inside)
