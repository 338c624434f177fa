"""Lookup of the files and folders that a scenario names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def find(
    written: str, scenario_file: Path, *, is_override: bool, exists: Callable[[Path], bool] = Path.is_file
) -> Path | None:
    """Return the absolute path of what `written` names, or None where there is nothing.

    A path in the file counts from the file's folder first, so that it means the same from anywhere; a path in an override
    counts from the current folder first, which is what a shell completes.
    """
    bases = [scenario_file.resolve().parent, Path.cwd()]
    if is_override:
        bases.reverse()
    candidates = [base / Path(written).expanduser() for base in bases]
    return next((candidate.resolve() for candidate in candidates if exists(candidate)), None)
