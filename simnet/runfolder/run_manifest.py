"""`run.json`: the manifest of a run, as a typed record.

It says what was run (`scenario`), what came of it (`summary`, `events`, `lost_hosts`) and how it was made (`command` to `cpu`).
It is written last and renamed into place, so a folder that has one is whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simnet import input_files
from simnet.errors import InputError
from simnet.output_files import write_whole
from simnet.records import SECOND_NS, Announcement, Scenario
from simnet.records.network_event import NetworkEvent
from simnet.records.plain_data import MismatchError, from_plain, to_plain
from simnet.records.task_config import TaskFigure
from simnet.row_statistics import StreamFigures
from simnet.runfolder.folder_names import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
"""Of `run.json`. Another number is another set of fields."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run came to: the JSON object that `simnet run --json` prints."""

    fingerprint: str
    """A digest of every event, byte count and decoded picture."""
    virtual_s: float
    wall_s: float
    frames: int
    peak_rss_mb: float
    """Of all processes together."""
    restarts: int
    """How often a host came back."""
    streams: dict[str, StreamFigures]
    report: str | None
    """The page; None if the run has made none."""
    rows: str
    realtime: dict[str, float] | None = None
    """A paced run's factor and deadlines; None for a run that was not paced."""
    exports: tuple[str, ...] = ()
    """Files that were asked for besides."""


@dataclass(frozen=True, slots=True)
class RunManifest:
    """Everything that a run's folder says besides its tables and pictures."""

    summary: RunSummary
    scenario: Scenario
    command: str
    """As the user typed it."""
    overrides: tuple[str, ...]
    scenario_text: str
    """The scenario's file as it was."""
    version: str
    """Of simnet."""
    started: str
    """Wall time, ISO 8601."""
    cpu: str
    announcements: dict[str, Announcement]
    """By stream: codec, model and digests."""
    timings: dict[str, float]
    """Wall seconds by part of the run."""
    events: tuple[NetworkEvent, ...] = ()
    lost_hosts: dict[str, str] = field(default_factory=dict)
    """Hosts that the run went on without, and why."""
    offered_kbit_s: dict[str, float] = field(default_factory=dict)
    """In a sweep's cell: bandwidth that the scenario offers each stream."""
    export_kinds: tuple[str, ...] = ()
    """What was asked for with `--export`."""
    task_figures: dict[str, TaskFigure] = field(default_factory=dict[str, TaskFigure])
    """How the figures of the scenario's tasks are written, by `task.figure`."""
    library_threads: dict[str, int] = field(default_factory=dict)
    """Threads of each native library in the leading process, and its processors; empty for a run without pictures."""
    core_seconds: dict[str, float] = field(default_factory=dict)
    """Processor seconds by part of a plain run (`engine.timing.core_budget`); empty for other runs."""

    @property
    def fingerprint(self) -> str:
        """A digest of every event, byte count and decoded picture."""
        return self.summary.fingerprint

    @property
    def virtual_s(self) -> float:
        """Virtual time that the run covered."""
        return self.summary.virtual_s or self.scenario.duration_ns / SECOND_NS


def write_manifest(folder: Path, manifest: RunManifest) -> None:
    """Write `run.json`; everything else of the folder must be there already.

    Raises:
        OutputError: It cannot be written.
    """
    text = json.dumps({"format": FORMAT, **to_plain(manifest)}, indent=1) + "\n"
    write_whole(folder / MANIFEST, text.encode())


def read_manifest(folder: Path) -> RunManifest:
    """Read the manifest of a run's folder.

    Raises:
        InputError: The folder is no run's, or its `run.json` is damaged or of another version.
    """
    file = folder / MANIFEST
    data = _read_json(file)
    if data.pop("format", None) != FORMAT:
        raise InputError(
            f"{file}: not of format {FORMAT}, which this version of simnet reads; expected a run of this version"
        )
    try:
        return from_plain(RunManifest, data)
    except MismatchError as error:
        raise InputError(f"{file}: {error}; expected the run.json that simnet run writes") from error


def has_manifest(folder: Path) -> bool:
    """Return whether a folder is a whole run's."""
    return (folder / MANIFEST).is_file()


def _read_json(file: Path) -> dict[str, Any]:
    try:
        input_files.check_regular(file, "the run.json that simnet run writes")
        with file.open("rb") as opened:
            content = opened.read(input_files.JSON_BYTES + 1)
        if len(content) > input_files.JSON_BYTES:
            raise InputError(f"{file}: larger than {input_files.JSON_BYTES / input_files.MB:g} MB; expected a run.json")
        data = json.loads(content)
    except (FileNotFoundError, NotADirectoryError):
        folder = file.parent
        what = f"holds no {file.name}" if folder.is_dir() else "is no folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder}: {what}; expected a folder that simnet run or simnet sweep wrote") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: cannot be read ({error}); expected the run.json that simnet run writes") from error
    if not isinstance(data, dict):
        raise InputError(f"{file}: holds a {type(data).__name__}; expected an object")
    return data
