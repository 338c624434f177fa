"""Reader of a run's folder: its manifest and tables as records. Reports are made from these alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simnet.records import LinkConfig, Row, Scenario
from simnet.records.link_bin import LinkBin
from simnet.runfolder.folder_names import LINKS, ROWS
from simnet.runfolder.record_tables import read_records
from simnet.runfolder.run_manifest import RunManifest, read_manifest


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Everything that a run left behind, but for pictures; `rows` are in order of capture."""

    path: Path
    manifest: RunManifest
    rows: tuple[Row, ...]
    bins: tuple[LinkBin, ...]

    @property
    def scenario(self) -> Scenario:
        """The resolved scenario that was run."""
        return self.manifest.scenario

    @property
    def virtual_s(self) -> float:
        """Virtual time that the run covered."""
        return self.manifest.virtual_s

    @property
    def streams(self) -> tuple[str, ...]:
        """Every stream of the scenario, and any other that has rows."""
        names = [stream.name for stream in self.scenario.streams] + [row.stream for row in self.rows]
        return tuple(dict.fromkeys(names))

    def link(self, name: str) -> LinkConfig | None:
        """Return the scenario's link of this name."""
        return next((link for link in self.scenario.links if link.name == name), None)


def read(path: Path) -> RunFolder:
    """Read a run's folder.

    Raises:
        InputError: It is no run's folder, or a file in it is missing, damaged or of another version.
    """
    manifest = read_manifest(path)
    rows = sorted(read_records(path / ROWS, Row), key=lambda row: row.capture_ns)
    return RunFolder(path, manifest, tuple(rows), tuple(read_records(path / LINKS, LinkBin)))
