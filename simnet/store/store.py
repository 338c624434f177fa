"""Cache on disk: bytes by kind and key, each with a digest; the oldest are evicted at the size limit."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import diskcache  # pyright: ignore[reportMissingTypeStubs]

from simnet.errors import InputError, OutputError
from simnet.output_files import fault
from simnet.store.raw_disk import ForeignEntryError, RawDisk

if TYPE_CHECKING:
    from collections.abc import Generator

DEFAULT_LIMIT_BYTES = 8 * 10**9
BULKY = ("pixels",)
"""Kinds of large entries. They have a separate cache: a few pictures would evict many small entries of equal cost."""
BULKY_SHARE = 3 / 4
"""Share of the size limit for large entries."""
PARTS = ("records", "pixels")
"""Folders of the two caches: small entries and large ones."""
LEAST_BYTES = 10**6
"""Minimum of the size limit: empty databases use part of it."""
LARGEST_BYTES = 2**30
"""SQLite's limit on one entry."""
DIGEST_BYTES = 16
_UNWRITABLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}
"""SQLite's result codes for what the disk refuses."""
PATIENCE_S = 60
"""Limit on the wait while another process locks the database."""


def default_folder() -> Path:
    """Return `$XDG_CACHE_HOME/simnet`, or `~/.cache/simnet` if that is not set (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "simnet"


class _Cache(Protocol):
    """The methods of `diskcache.Cache` that are used here; the library has no types."""

    def get(self, key: str, *, retry: bool) -> object: ...

    def set(self, key: str, value: bytes, *, retry: bool) -> bool: ...

    def close(self) -> None: ...

    def clear(self) -> int: ...

    def volume(self) -> int: ...

    def __len__(self) -> int: ...

    size_limit: int


@dataclass(frozen=True, slots=True)
class StoreUsage:
    """What one part of the cache takes."""

    part: str
    entries: int
    size_bytes: int
    limit_bytes: int


class Store:
    """Entries of many kinds; any number of processes may use one folder at once.

    At the size limit, the entry that was stored first is evicted first. An order by last use would make every reader a writer,
    at a measured four times the cost.
    """

    def __init__(self, folder: Path, limit_bytes: int | None = DEFAULT_LIMIT_BYTES) -> None:
        """Open the cache in `folder`, which is created if necessary; its size limit is about `limit_bytes` (None: as it was).

        Raises:
            InputError: The folder has other content.
            OutputError: It cannot be created or written.
        """
        self._folder = folder
        if limit_bytes is not None and limit_bytes < LEAST_BYTES:
            raise InputError(f"cache {folder}: a limit of {limit_bytes} bytes; expected at least {LEAST_BYTES}")
        self._open: list[_Cache] = []
        try:
            bulky_bytes = None if limit_bytes is None else int(limit_bytes * BULKY_SHARE)
            small_bytes = None if limit_bytes is None or bulky_bytes is None else limit_bytes - bulky_bytes
            self._small = self._cache(PARTS[0], small_bytes)
            self._bulky = self._cache(PARTS[1], bulky_bytes)
        except BaseException:
            self.close()
            raise

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the bytes under a kind and a key; None if they are missing, evicted or altered."""
        name = f"{kind}/{key}"
        with self._faults():
            try:
                found = self._of(kind).get(name, retry=False)
            except ForeignEntryError:
                return None
        if type(found) is not bytes or len(found) < DIGEST_BYTES:
            return None
        data = found[DIGEST_BYTES:]
        return data if _digest(name, data) == found[:DIGEST_BYTES] else None

    def put(self, kind: str, key: str, data: bytes) -> None:
        """Store `data` under a kind and a key; replace an earlier entry."""
        if type(data) is not bytes:
            raise TypeError(f"{kind} {key}: {type(data).__name__}; expected bytes")
        if len(data) + DIGEST_BYTES > LARGEST_BYTES:
            raise InputError(f"cache {self._folder}: an entry of {len(data)} bytes; expected at most {LARGEST_BYTES}")
        name = f"{kind}/{key}"
        with self._faults():
            self._of(kind).set(name, _digest(name, data) + data, retry=False)

    def usage(self) -> list[StoreUsage]:
        """Return what each part takes on the disk."""
        with self._faults():
            return [
                StoreUsage(part, len(cache), cache.volume(), cache.size_limit)
                for part, cache in zip(PARTS, self._open, strict=True)
            ]

    def clear(self) -> None:
        """Delete all entries; processes that use the cache meanwhile compute theirs again."""
        with self._faults():
            for cache in self._open:
                cache.clear()

    def close(self) -> None:
        """Close the calling thread's files."""
        for cache in self._open:
            cache.close()

    def _of(self, kind: str) -> _Cache:
        return self._bulky if kind in BULKY else self._small

    def _cache(self, part: str, limit_bytes: int | None) -> _Cache:
        limit = {} if limit_bytes is None else {"size_limit": limit_bytes}
        folder = self._folder / part
        with self._faults():
            folder.mkdir(parents=True, exist_ok=True)
            library = cast("Any", diskcache.Cache)
            cache: _Cache = library(
                folder,
                timeout=PATIENCE_S,
                disk=RawDisk,
                **limit,
                eviction_policy="least-recently-stored",
                statistics=0,
            )
        self._open.append(cache)
        return cache

    @contextmanager
    def _faults(self) -> Generator[None]:
        """Convert errors of the library to an InputError or an OutputError of one line."""
        where = f"cache {self._folder}"
        try:
            yield
        except diskcache.Timeout as error:
            raise InputError(
                f"{where}: locked by another process for {PATIENCE_S} s; expected its turn sooner"
            ) from error
        except OSError as error:
            raise fault(f"{where}: cannot be used", error) from error
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _UNWRITABLE:
                raise InputError(f"{where}: {_foreign(error)}") from error
            raise OutputError(
                f"{where}: cannot be written: {error}; expected a disk with room that can be written, and ulimits above its size"
            ) from error
        except (sqlite3.Error, ValueError, KeyError) as error:
            raise InputError(f"{where}: {_foreign(error)}") from error


def _foreign(error: Exception) -> str:
    return (
        f"not readable as a cache, or not writable ({' '.join(str(error).split())}); "
        "expected one of simnet's own, or delete it"
    )


def _digest(name: str, data: bytes) -> bytes:
    digest = hashlib.sha256(name.encode() + b"\0")
    digest.update(data)
    return digest.digest()[:DIGEST_BYTES]
