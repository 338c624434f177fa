"""A file of records that is only ever added to: each with its length and CRC-32, each handed to the system at once.

    | length | CRC-32 | record ... |  length | ...        big-endian

A process that is killed leaves at most its last record torn, which is cut off when the file is opened again. One process at
a time: the file is locked while it is open.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from simnet.engine.recovery import exclusive_file
from simnet.errors import InputError
from simnet.output_files import fault, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FRONT = struct.Struct(">II")


class WriteAheadLog:
    """One such file. `append` may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it if need be.

        Raises:
            InputError: Another process has it open.
            OutputError: It cannot be opened.
        """
        self._path, self._lock = path, threading.Lock()
        try:
            # Without a buffer: what did not fit must not come again when the file is closed.
            self._file = path.open("r+b" if path.exists() else "x+b", buffering=0)
            exclusive_file.lock(self._file)
        except BlockingIOError:
            self._file.close()
            raise InputError(
                f"{path.parent.parent}: the run is still going on; expected one that was interrupted"
            ) from None
        except OSError as error:
            raise fault(f"{path}: cannot be written", error) from error
        self._end = 0

    def append(self, record: bytes) -> None:
        """Add a record, or leave the file as it was.

        Raises:
            OutputError: It cannot be written.
        """
        data = memoryview(_FRONT.pack(len(record), zlib.crc32(record)) + record)
        with self._lock, writing(self._path):
            written = 0
            try:
                self._file.seek(self._end)
                while written < len(data):
                    written += self._file.write(data[written:])
            except OSError:
                with suppress(OSError):
                    self._file.truncate(self._end)
                raise
            self._end += written

    def scan(self) -> Iterator[tuple[int, bytes]]:
        """Yield where each record is and what it holds, then go on behind the last; a torn last one is cut off.

        Raises:
            InputError: A record that is not the last is damaged.
        """
        size = os.fstat(self._file.fileno()).st_size
        at = 0
        while at + _FRONT.size <= size:
            length, crc = _FRONT.unpack(self._part(at, _FRONT.size))
            end = at + _FRONT.size + length
            record = self._part(at + _FRONT.size, length) if end <= size else b""
            if end <= size and zlib.crc32(record) != crc:
                if end == size:
                    break
                raise InputError(f"{self._path}: damaged at byte {at}; expected the journal as the run wrote it")
            if end > size:
                break
            yield at, record
            at = end
        with writing(self._path):
            self._file.truncate(at)
        self._end = at

    def read(self, at: int) -> bytes:
        """Return the record at a place that `scan` yielded."""
        length, _ = _FRONT.unpack(self._part(at, _FRONT.size))
        return self._part(at + _FRONT.size, length)

    def _part(self, at: int, size: int) -> bytes:
        with self._lock:
            self._file.seek(at)
            return self._file.read(size)

    def close(self) -> None:
        """Close and unlock the file."""
        self._file.close()
