"""Plug-ins: codecs, worlds, rate controls, metrics and tasks of other installed packages, discovered by entry points.

    [project.entry-points."simnet.codecs"]
    flat = "my_package.codecs:Flat"

Only installed packages can provide a plug-in; no text of a scenario becomes an import. A plug-in is imported on first use. A
fault of a plug-in is an error of one line that names its package.
"""

from __future__ import annotations

import hashlib
import importlib.util
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simnet.errors import PluginError, SimnetError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

CODECS, WORLDS, RATES, METRICS = "simnet.codecs", "simnet.worlds", "simnet.rates", "simnet.metrics"
TASKS = "simnet.tasks"
NOUNS = {CODECS: "codec", WORLDS: "world", RATES: "rate control", METRICS: "metric", TASKS: "task"}
"""Groups of entry points, and the noun for the plug-ins of each."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point; `package` is its distribution's name and version."""

    group: str
    name: str
    target: str
    package: str

    def __str__(self) -> str:
        """Return the name of the plug-in for error messages."""
        return f"{NOUNS[self.group]} {self.name} (package {self.package})"

    def load(self) -> Any:
        """Import the object that the entry point names; PluginError if that fails."""
        with suppress(PluginError):
            self.identity()  # caches the digest of the imported source: the file may change during this process
        with blamed(str(self), "cannot be imported"):
            return metadata.EntryPoint(self.name, self.target, self.group).load()

    def identity(self) -> str:
        """Return a digest (16 hexadecimal digits) of the package's name, version and source.

        The source is every file of the package that the entry point names, or the single file of a plain module. Packages that
        it imports are not included. PluginError if there is no source.
        """
        return _identity(self)


@lru_cache(maxsize=64)
def _identity(plugin: Plugin) -> str:
    whole = hashlib.sha256(f"{plugin.package}\0{plugin.target}".encode())
    for name, file in _source(plugin):
        whole.update(f"\0{name}\0".encode())
        whole.update(file.read_bytes())
    return whole.hexdigest()[:16]


def installed(group: str) -> tuple[Plugin, ...]:
    """Return the plug-ins of a group, sorted by name; packages are searched once per process."""
    return _installed()[group]


@lru_cache(maxsize=1)
def _installed() -> dict[str, tuple[Plugin, ...]]:
    found: dict[str, list[Plugin]] = {group: [] for group in NOUNS}
    # A distribution that is on the path twice counts once: Python imports the first. All groups are found in one search.
    entries = metadata.entry_points()
    for group, own in found.items():
        for entry in entries.select(group=group):
            package = f"{entry.dist.metadata['Name']} {entry.dist.version}" if entry.dist else "unknown"
            own.append(Plugin(group, entry.name, entry.value, package))
    return {group: tuple(sorted(own, key=lambda each: (each.name, each.package))) for group, own in found.items()}


def names(group: str, own: Collection[str]) -> list[str]:
    """Return the usable names of a group: simnet's `own` names and those of plug-ins."""
    return sorted({*own, *(each.name for each in installed(group))})


def find(group: str, name: str, own: Collection[str]) -> Plugin | None:
    """Return the plug-in called `name`; None if there is none, or if it is one of simnet's `own`.

    Raises:
        PluginError: Two packages provide it, or a package provides a name of simnet's own.
    """
    claims = [each for each in installed(group) if each.name == name]
    if claims and name in own:
        raise PluginError(f"{claims[0]}: {name} is simnet's own; expected a plug-in of another name, or none")
    if len(claims) > 1:
        packages = " and ".join(each.package for each in claims)
        raise PluginError(f"{NOUNS[group]} {name}: packages {packages} both have it; expected one of them")
    return claims[0] if claims else None


def fault(plugin: Plugin, own: Collection[str]) -> str:
    """Return the fault of a plug-in that is detectable without an import; empty if there is none."""
    try:
        find(plugin.group, plugin.name, own)
    except PluginError as error:
        return str(error)
    return ""


@contextmanager
def blamed(who: str, doing: str) -> Iterator[None]:
    """Turn an exception of a plug-in into a PluginError of one line that names it; simnet's own errors pass through."""
    try:
        yield
    except SimnetError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise PluginError(f"{who}: {doing} ({type(error).__name__}{': ' if reason else ''}{reason})") from error


def _source(plugin: Plugin) -> list[tuple[str, Path]]:
    """Return the files of an entry point's package or module, each with its name relative to the package."""
    parts = plugin.target.partition(":")[0].strip().split(".")
    for length in range(1, len(parts) + 1):
        with blamed(str(plugin), "cannot be found"):
            spec = importlib.util.find_spec(".".join(parts[:length]))
        if spec is None:
            break
        if spec.origin is None or not Path(spec.origin).is_file():
            continue  # a namespace of several packages
        if not spec.submodule_search_locations:
            return [("", Path(spec.origin))]
        folder = Path(spec.origin).parent
        files = [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        return sorted((file.relative_to(folder).as_posix(), file) for file in files)
    raise PluginError(f"{plugin}: no source of {plugin.target} is there; expected a module in a file")
