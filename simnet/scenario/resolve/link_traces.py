"""Recorded bandwidths of links: where the file is, that it can be read, and its digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING

from simnet import traces
from simnet.errors import InputError
from simnet.records import SECOND_NS, LinkConfig, TraceConfig

if TYPE_CHECKING:
    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.link_schema import Trace


def put(link: LinkConfig, trace: Trace, path: Path, problems: Problems, file: File) -> LinkConfig:
    """Return the link with the trace that stands at `path` in the scenario `file`; faults go to `problems`."""
    found = _find(trace.trace, problems.places.of_value((*path, "trace")).overrides_file, file)
    if found is None:
        problems.at_value((*path, "trace"), f"no file {trace.trace!r}; expected a bandwidth trace, mahimahi or csv")
        return link
    try:
        config = TraceConfig(
            path=str(found),
            kind=trace.kind,
            digest=trace.digest or traces.digest(found),
            column=trace.column or "",
            unit=trace.unit or "",
            time_column=trace.time or "",
            period_ns=SECOND_NS if trace.period is None else trace.period,
            start_ns=trace.start,
        )
        mean_bps = traces.read(config).mean_bps
    except InputError as error:
        problems.at_value((*path, "trace"), str(error))
        return link
    return replace(link, trace=config, bandwidth_bps=mean_bps)


def _find(written: str, on_command_line: bool, file: File) -> File | None:
    # What a file says means the same from anywhere; what a command line says means what the shell completed.
    bases = [file.resolve().parent, File.cwd()]
    if on_command_line:
        bases.reverse()
    places = [base / File(written).expanduser() for base in bases]
    return next((place.resolve() for place in places if place.is_file()), None)
