"""Reader of a run's folder: its manifest and tables as records. Reports are made from these alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from simnet.errors import InputError
from simnet.records import SECOND_NS, LinkConfig, Row, Scenario
from simnet.records.link_bin import LinkBin
from simnet.runfolder.folder_names import LINKS, MANIFEST, ROWS
from simnet.runfolder.record_tables import read_records
from simnet.runfolder.run_manifest import RunManifest, read_manifest

LONGEST_S = 1e7
"""Longest virtual time of a run, 115 days."""
LARGEST = 1e12
"""Largest rate in bits a pixel, and largest quality in dB."""


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


@dataclass(frozen=True, slots=True)
class Selection:
    """Names of the streams, links and nodes of a run that are to be looked at."""

    streams: frozenset[str]
    links: frozenset[str]
    nodes: frozenset[str]


def read(path: Path) -> RunFolder:
    """Read a run's folder.

    Raises:
        InputError: It is no run's folder, or a file in it is missing, damaged, of another version, or holds records that do not
            fit together.
    """
    run = read_outline(path)
    return replace(
        run, rows=_checked(path, read_records(path / ROWS, Row)), bins=tuple(read_records(path / LINKS, LinkBin))
    )


def read_outline(path: Path) -> RunFolder:
    """Read a run's folder without its rows and bins, of which there may be millions.

    Raises:
        InputError: It is no run's folder, or its manifest is damaged, of another version, or does not fit together.
    """
    manifest = read_manifest(path)
    if fault := _fault_of_manifest(manifest):
        raise InputError(f"{path / MANIFEST}: {fault}; expected the run.json that simnet run writes")
    return RunFolder(path, manifest, (), ())


def read_selected(run: RunFolder, chosen: Selection) -> RunFolder:
    """Return a run that was read without its rows and bins, with those of the chosen streams and links.

    Raises:
        InputError: A table is missing, damaged, or of another version.
    """
    rows = read_records(run.path / ROWS, Row, where=("stream", chosen.streams))
    bins = read_records(run.path / LINKS, LinkBin, where=("link", chosen.links))
    return replace(run, rows=_checked(run.path, rows), bins=tuple(bins))


def _checked(path: Path, rows: list[Row]) -> tuple[Row, ...]:
    """Return the rows in order of time."""
    rows.sort(key=lambda row: row.capture_ns)
    for number, row in enumerate(rows):
        if fault := _fault_of_row(row):
            raise InputError(
                f"{path / ROWS}: row {number} in order of time: {fault}; expected a table that simnet run writes"
            )
    return tuple(rows)


def _fault_of_manifest(manifest: RunManifest) -> str | None:
    """Return what does not fit together in a manifest whose fields have the right types, or None."""
    scenario = manifest.scenario
    if not 0 <= manifest.virtual_s <= LONGEST_S:
        return f"summary.virtual_s: {manifest.virtual_s:g}"
    nodes = [node.name for node in scenario.nodes]
    named = [end for link in scenario.links for end in (link.source, link.target)] + [scenario.fusion.node]
    if len(set(nodes)) < len(nodes):
        return "scenario.nodes: two of one name"
    if unknown := set(named) - set(nodes):
        return f"scenario: names a node {min(unknown)[:64]!r} that it has not"
    if unknown := {stream.name for stream in scenario.streams} - set(scenario.cameras):
        return f"scenario: names a camera {min(unknown)[:64]!r} that it has not"
    return None


def _fault_of_row(row: Row) -> str | None:
    """Return what no row of a run holds, or None."""
    times_ns = [
        time_ns for time_ns in (row.capture_ns, row.encode_ns, row.arrive_ns, row.decode_ns) if time_ns is not None
    ]
    counts = (row.sequence, row.size_bytes, row.link_bytes, row.packets_sent, row.packets_lost, row.retransmissions)
    if not all(abs(time_ns) <= LONGEST_S * SECOND_NS for time_ns in times_ns):
        return "a time that is out of range"
    if not all(0 <= count < 2**53 for count in counts):
        return "a number or a size that is out of range"
    measured = (row.bpp, row.quality, row.psnr_db, row.ms_ssim, row.alone_psnr_db, row.alone_ms_ssim)
    if any(value is not None and math.isfinite(value) and abs(value) > LARGEST for value in measured):
        return "a rate or a quality that is out of range"
    return None
