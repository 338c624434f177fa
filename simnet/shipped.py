"""Location of the data shipped with the program, both in a checkout and in an installed wheel."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PACKAGE = Path(__file__).resolve().parent


def folder(kind: str) -> Path:
    """Return the folder of shipped data of a `kind` ("scenarios" or "models").

    A wheel holds them inside the package, a checkout next to it.

    Raises:
        FileNotFoundError: The folder is in neither location: the installation is damaged.
    """
    for place in (_PACKAGE / kind, _PACKAGE.parent / kind):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"no folder {kind!r} in {_PACKAGE} or beside it; install simnet again")


def codec_of(model: str) -> str | None:
    """Return the codec that a shipped model is for; None if there is no such model."""
    if not _NAME.fullmatch(model):
        return None
    manifest = folder("models") / model / "manifest.yaml"
    return yaml.safe_load(manifest.read_text(encoding="utf-8"))["codec"] if manifest.is_file() else None


def models() -> list[str]:
    """Return the names of the shipped models."""
    return sorted(file.parent.name for file in folder("models").glob("*/manifest.yaml"))


def expected_for(codec: str) -> str:
    """Return what a model of `codec` can be, for messages: those that are shipped, or a folder."""
    return (
        f"one for {codec}: {', '.join([*(each for each in models() if codec_of(each) == codec), 'the folder of one'])}"
    )


def recipes() -> list[str]:
    """Return the names of the shipped training recipes."""
    return sorted(file.stem for file in (_PACKAGE / "learn" / "recipes").glob("*.yaml"))
