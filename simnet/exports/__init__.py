"""A run in other people's formats: MCAP, MP4, pcapng, CSV, Prometheus. `simnet run --export KIND,...`.

    engine ──told while the run goes on──▶ Exports ──▶ one `Export` a kind ──▶ files in the run's folder

An export watches and changes nothing: a run's fingerprint is the same with and without. Files are written as the run goes on, and
get their names when they are whole. Here is no engine, no node and no socket: what is told is plain records and bytes. Heavy
libraries are imported where their kind is opened.
"""

from simnet.exports.export import Ended, Fate, Picture
from simnet.exports.export_kinds import (
    KINDS,
    check,
    open_exports,
    parse,
    wants_pictures,
)
from simnet.exports.exports import Exports
from simnet.runfolder.atomic_files import drop_leftovers

__all__ = [
    "KINDS",
    "Ended",
    "Exports",
    "Fate",
    "Picture",
    "check",
    "drop_leftovers",
    "open_exports",
    "parse",
    "wants_pictures",
]
