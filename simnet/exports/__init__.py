"""Exports: a run in the formats of other programs (MCAP, MP4, pcapng, CSV, Prometheus). `simnet run --export KIND,...`.

    engine ──calls during the run──▶ Exports ──▶ one `Export` a kind ──▶ files in the run's folder

Rules: an export observes and changes nothing, so that a run has the same fingerprint with and without it. An export writes
during the run and renames a file into place when the file is complete. It gets plain records and bytes; it imports no engine, no
node and no socket. A library that only one kind needs is imported where that kind is opened.
"""

from simnet.exports.export import ExportedPicture, FinishedRun, FrameDecision
from simnet.exports.export_kinds import (
    KINDS,
    check,
    open_exports,
    parse,
    wants_pictures,
)
from simnet.exports.exports import Exports
from simnet.output_files import drop_leftovers

__all__ = [
    "KINDS",
    "ExportedPicture",
    "Exports",
    "FinishedRun",
    "FrameDecision",
    "check",
    "drop_leftovers",
    "open_exports",
    "parse",
    "wants_pictures",
]
