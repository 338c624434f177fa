"""Recorded bandwidths of links: the file's path, a check that it is readable, and its digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simnet import traces
from simnet.errors import InputError
from simnet.records import SECOND_NS, LinkConfig, TraceConfig
from simnet.scenario.resolve import file_lookup

if TYPE_CHECKING:
    from pathlib import Path as File

    from simnet.scenario.document import Path
    from simnet.scenario.explain import Problems
    from simnet.scenario.schema.link_schema import TraceSpec


def with_trace(link: LinkConfig, trace: TraceSpec, path: Path, problems: Problems, file: File) -> LinkConfig:
    """Return the link with the trace at `path` in the scenario `file`; faults are added to `problems`."""
    found = file_lookup.find(trace.trace, file, problems.locations.of_value((*path, "trace")))
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
            time_format=trace.time_format or "",
            period_ns=SECOND_NS if trace.period is None else trace.period,
            start_ns=trace.start,
        )
        mean_bps = traces.read(config).mean_bps
    except InputError as error:
        problems.at_value((*path, "trace"), str(error))
        return link
    return replace(link, trace=config, bandwidth_bps=mean_bps)
