"""Files of bags that are compressed as a whole (`ros2 bag record --compression-mode file`), unpacked while a process runs."""

from __future__ import annotations

import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

import zstandard

from simnet.errors import InputError

MAGIC = b"\x28\xb5\x2f\xfd"
"""First bytes of such a file."""
PIECE_BYTES = 1 << 24
KEPT_FREE_BYTES = 1 << 30
"""Room that is left on the disk of temporary files."""
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
"""Folders of unpacked files; they are removed when the process ends."""


def unpacked(file: Path) -> Path:
    """Return the unpacked file, under the name without the last ending.

    Raises:
        InputError: It is damaged, or there is no room for it.
    """
    state = file.stat()
    return _unpacked(str(file), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _unpacked(name: str, size_bytes: int, changed_ns: int) -> Path:
    del size_bytes, changed_ns
    file, folder = Path(name), tempfile.TemporaryDirectory(prefix="simnet-bag-")
    target = Path(folder.name) / file.stem
    try:
        with file.open("rb") as packed, target.open("wb") as out:
            stream = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
            while piece := stream.read(PIECE_BYTES):
                _check_room(file, folder.name, len(piece))
                out.write(piece)
    except zstandard.ZstdError as error:
        folder.cleanup()
        raise InputError(f"{file}: damaged ({error}); expected a file of a bag, packed by zstd") from error
    except BaseException:
        folder.cleanup()
        raise
    _FOLDERS.append(folder)
    return target


def _check_room(file: Path, folder: str, size_bytes: int) -> None:
    if shutil.disk_usage(folder).free < KEPT_FREE_BYTES + size_bytes:
        where = tempfile.gettempdir()
        raise InputError(f"{file}: no room in {where} for it unpacked; expected more (TMPDIR names another folder)")
