"""Lookup of the files and folders that a scenario names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from simnet.scenario.document import SourceLocation


def find(
    written: str, scenario_file: Path, location: SourceLocation, *, exists: Callable[[Path], bool] = Path.is_file
) -> Path | None:
    """Return the absolute path of the file or folder `written` at `location`, or None if it does not exist.

    A path in a file is relative first to that file's folder, also where another scenario extends it, so that its meaning
    does not depend on the current folder; a path in an override is relative first to the current folder, as in a shell's
    completion.
    """
    bases = [Path(location.file or scenario_file).resolve().parent, Path.cwd()]
    if location.is_override:
        bases.reverse()
    candidates = [base / Path(written).expanduser() for base in bases]
    return next((candidate.resolve() for candidate in candidates if exists(candidate)), None)
