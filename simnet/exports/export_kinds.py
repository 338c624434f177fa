"""Which exports there are, what each needs, and opening those that a user asks for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simnet.errors import InputError
from simnet.exports.exports import Exports

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    import numpy as np

    from simnet.exports.export import Export
    from simnet.records import Scenario

    Frame = Callable[[str, int], np.ndarray]
    """Returns what a camera saw at a time."""


@dataclass(frozen=True, slots=True)
class _Kind:
    needs_pictures: bool = False
    library: str = ""
    """Not among the main dependencies."""


KINDS = {
    "mcap": _Kind(needs_pictures=True, library="mcap"),
    "mp4": _Kind(needs_pictures=True),
    "pcap": _Kind(),
    "csv": _Kind(),
    "parquet": _Kind(),
    "prometheus": _Kind(library="prometheus_client"),
}
"""`parquet` is what every run writes anyway."""


def parse(text: str) -> tuple[str, ...]:
    """Return the kinds that a comma-separated list names, each once.

    Raises:
        InputError: A name that is none of `KINDS`.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    _check_names(names)
    return names


def check(kinds: Collection[str], *, has_pictures: bool, is_resumed: bool) -> None:
    """Find out before a run begins whether it can be exported so.

    Raises:
        InputError: A kind is none of `KINDS`, the run has no pictures, some are gone, or a library is missing.
    """
    _check_names(kinds)
    for name in kinds:
        kind = KINDS[name]
        if kind.needs_pictures and not has_pictures:
            raise InputError(f"--export {name}: recorded sizes have no pictures; expected any of {_others()}")
        if kind.needs_pictures and is_resumed:
            raise InputError(
                f"--export {name}: pictures from before the interruption are gone; expected any of {_others()} with --resume, or "
                "a new run"
            )
        if kind.library:
            try:
                importlib.import_module(kind.library)
            except ImportError as error:
                raise InputError(
                    f"--export {name}: the package {kind.library} is missing; pip install 'simnet[export]' brings it"
                ) from error


def _check_names(names: Collection[str]) -> None:
    for name in names:
        if name not in KINDS:
            raise InputError(f"--export: {name!r}; expected a list of {', '.join(KINDS)}")


def wants_pictures(kinds: Collection[str]) -> bool:
    """Tell whether any of these is made of pictures."""
    return any(KINDS[kind].needs_pictures for kind in kinds)


def open_exports(kinds: Collection[str], folder: Path, scenario: Scenario, frame: Frame | None) -> Exports:
    """Begin the files of a run in its folder; `frame` gives what cameras saw, None where there are no pictures.

    Raises:
        InputError: A file cannot be written, or the scenario is one that a format does not know.
    """
    exports: list[Export] = []
    try:
        exports.extend(_open(kind, folder, scenario, frame) for kind in kinds if kind != "parquet")
    except BaseException:
        for each in exports:
            each.abandon()
        raise
    return Exports(exports)


def _open(kind: str, folder: Path, scenario: Scenario, frame: Frame | None) -> Export:
    if kind == "pcap":
        from simnet.exports.capture import Capture

        return Capture(folder, scenario)
    if kind == "csv":
        from simnet.exports.csv_tables import Tables

        return Tables(folder)
    if kind == "mcap":
        from simnet.exports.mcap_recording import Recording

        return Recording(folder, scenario)
    if kind == "mp4":
        from simnet.exports.videos import Videos

        assert frame is not None, "only runs with pictures get here"
        return Videos(folder, scenario, frame)
    from simnet.exports.exposition import Exposition

    return Exposition(folder, scenario)


def _others() -> str:
    return ", ".join(name for name, kind in KINDS.items() if not kind.needs_pictures)
