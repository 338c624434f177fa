"""Compiled networks that stay on disk between processes: reading one back takes a third of the time of compiling it.

    inference.compiled ── found? ──▶ file with its digest ──▶ OpenVINO's import
                       ── else ────▶ compile ──▶ export ──▶ file, oldest files go above `MOST_BYTES`

A file is taken only if it is whole and the user's own; whatever goes wrong here costs time alone, so nothing is raised.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from simnet import processor
from simnet.errors import SimnetError
from simnet.output_files import make_folder, write_whole

VARIABLE = "SIMNET_CACHE"
"""Environment variable: the folder for what can be made again; empty for none."""
MOST_BYTES = 1 << 30
"""Size of all files above which the oldest are removed, until half of it is left."""
_SUFFIX = ".compiled"
_DIGEST_BYTES = 32


def folder() -> Path | None:
    """Return the folder of compiled networks; None if there is to be none, or no place for it."""
    said = os.environ.get(VARIABLE)
    if said is not None:
        return Path(said) / "networks" if said else None
    if place := os.environ.get("XDG_CACHE_HOME"):
        return Path(place) / "simnet" / "networks"
    with suppress(RuntimeError):  # nobody knows the user's home
        return Path.home() / ".cache" / "simnet" / "networks"
    return None


def find(core: Any, key: tuple[object, ...], settings: dict[str, Any]) -> Any | None:
    """Return the compiled network of `key`, which with `settings` says all that it depends on but machine and library."""
    file = _file(key, settings)
    if file is None:
        return None
    try:
        if hasattr(os, "getuid") and file.stat().st_uid != os.getuid():
            return None
        content = file.read_bytes()
        digest, packed = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.blake2b(packed, digest_size=_DIGEST_BYTES).digest() != digest:
            return None
        os.utime(file)
        return core.import_model(io.BytesIO(packed), "CPU", settings)
    except (OSError, RuntimeError):
        return None


def keep(compiled: Any, key: tuple[object, ...], settings: dict[str, Any]) -> None:
    """Keep a compiled network for `find`."""
    file = _file(key, settings)
    if file is None:
        return
    with suppress(OSError, RuntimeError, SimnetError):
        packed = bytes(compiled.export_model().getvalue())
        make_folder(file.parent, 0o700)
        write_whole(file, hashlib.blake2b(packed, digest_size=_DIGEST_BYTES).digest() + packed)
        _make_room(file.parent)


def _file(key: tuple[object, ...], settings: dict[str, Any]) -> Path | None:
    import openvino

    place = folder()
    known = (key, sorted(settings.items()), openvino.get_version(), processor.processor())
    return place and place / (hashlib.sha256(repr(known).encode()).hexdigest()[:32] + _SUFFIX)


def _make_room(place: Path) -> None:
    """Remove the files that were used longest ago if all together are too large."""
    found = sorted(
        ((file.stat().st_mtime, file.stat().st_size, file) for file in place.glob(f"*{_SUFFIX}")), reverse=True
    )
    if sum(size for _, size, _ in found) <= MOST_BYTES:
        return
    total = 0
    for _, size, file in found:
        total += size
        if total > MOST_BYTES // 2:
            file.unlink(missing_ok=True)
