"""Where the data shipped with the program lies: the same call in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(kind: str) -> Path:
    """Return the folder of shipped `kind`s ("scenarios" or "models").

    A wheel carries them inside the package, a checkout beside it.

    Raises:
        FileNotFoundError: Neither place has one: the installation is damaged.
    """
    for place in (_PACKAGE / kind, _PACKAGE.parent / kind):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"no folder {kind!r} in {_PACKAGE} or beside it; install simnet again")
