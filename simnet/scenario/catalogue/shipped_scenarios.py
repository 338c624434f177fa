"""Catalogue of shipped scenarios."""

from __future__ import annotations

from pathlib import Path

from simnet import shipped
from simnet.errors import InputError
from simnet.suggestions import near


def list_shipped() -> list[tuple[str, str, Path]]:
    """Return name, purpose and file of every shipped scenario, by name."""
    files = sorted(shipped.folder("scenarios").glob("*.yaml"))
    return [(file.stem, purpose(file.read_text(encoding="utf-8")), file) for file in files]


def find(name: str) -> Path:
    """Return the file of a path or of a shipped scenario's name; InputError lists the shipped scenarios."""
    if (given := Path(name)).is_file():
        return given
    bare = name.removeprefix("scenarios/").removesuffix(".yaml")
    names = {shipped_name: file for shipped_name, _, file in list_shipped()}
    if bare in names:
        return names[bare]
    if given.is_dir():
        raise InputError(f"{name!r} is a folder; expected a scenario file or one of: {', '.join(names)}")
    raise InputError(f"no scenario {name!r}{near(bare, names)}; expected a file or one of: {', '.join(names)}")


def purpose(text: str) -> str:
    """Return the first comment line of a scenario's text, or an empty text."""
    for line in text.splitlines():
        if line.startswith("#"):
            return line.lstrip("#").strip()
        if line.strip():
            break
    return ""
