"""Kinds of exports: names, requirements, and a function that opens the requested ones."""

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
    from simnet.records.view_truth import ViewTruth

    Frame = Callable[[str, int], np.ndarray]
    """Returns the frame of a camera at a time."""
    Truth = Callable[[str, int], ViewTruth | None]
    """Returns what a rendered world knows of a frame."""


@dataclass(frozen=True, slots=True)
class _ExportKind:
    needs_pictures: bool = False
    library: str = ""
    """Required package of the extra `export`."""


KINDS = {
    "mcap": _ExportKind(needs_pictures=True, library="mcap"),
    "mp4": _ExportKind(needs_pictures=True),
    "pcap": _ExportKind(),
    "csv": _ExportKind(),
    "parquet": _ExportKind(),
    "prometheus": _ExportKind(library="prometheus_client"),
    "truth": _ExportKind(needs_pictures=True),
}
"""Kinds by name; `parquet` stands for the tables that every run writes."""


def parse(text: str) -> tuple[str, ...]:
    """Return the kinds in a comma-separated list, without duplicates.

    Raises:
        InputError: A name is not in `KINDS`.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    _check_names(names)
    return names


def check(kinds: Collection[str], *, has_pictures: bool, is_resumed: bool) -> None:
    """Check before a run that the exports are possible.

    Raises:
        InputError: A kind is not in `KINDS`, pictures are required but absent or incomplete, or a library is missing.
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
    """Return whether one of these kinds needs pictures."""
    return any(KINDS[kind].needs_pictures for kind in kinds)


def open_exports(
    kinds: Collection[str], folder: Path, scenario: Scenario, frame: Frame | None, truth: Truth | None = None
) -> Exports:
    """Open the exports of a run in its folder; `frame` returns the cameras' frames, None if the run has no pictures.

    `truth` returns what a rendered world knows of a frame.

    Raises:
        InputError: A format cannot hold the scenario.
        OutputError: A file cannot be written.
    """
    exports: list[Export] = []
    try:
        exports.extend(_open(kind, folder, scenario, frame, truth) for kind in kinds if kind != "parquet")
    except BaseException:
        for each in exports:
            each.abandon()
        raise
    return Exports(exports)


def _open(kind: str, folder: Path, scenario: Scenario, frame: Frame | None, truth: Truth | None) -> Export:
    if kind == "pcap":
        from simnet.exports.capture import PacketCapture

        return PacketCapture(folder, scenario)
    if kind == "csv":
        from simnet.exports.csv_tables import CsvTables

        return CsvTables(folder)
    if kind == "mcap":
        from simnet.exports.mcap_recording import McapRecording

        assert frame is not None, "only runs with pictures get here"
        return McapRecording(folder, scenario, frame)
    if kind == "mp4":
        from simnet.exports.videos import Videos

        assert frame is not None, "only runs with pictures get here"
        return Videos(folder, scenario, frame)
    if kind == "truth":
        from simnet.exports.truth_files import TruthFiles

        assert frame is not None, "only runs with pictures get here"
        assert truth is not None, "only runs with pictures get here"
        return TruthFiles(folder, scenario, frame, truth)
    from simnet.exports.exposition import Exposition

    return Exposition(folder, scenario)


def _others() -> str:
    return ", ".join(name for name, kind in KINDS.items() if not kind.needs_pictures)
