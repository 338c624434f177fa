"""What scripts and notebooks use: a scenario loaded, run or swept, and what came of it as DataFrames.

    load ──▶ run ────▶ RunReport     frames, links, streams, the page
             sweep ──▶ SweepReport   table, frames cell by cell, the page

It prints nothing, handles no signals, and may be used from any thread, as often as one likes; a running event loop is not
touched, only kept waiting (`await asyncio.to_thread(simnet.run, ...)` does not). How a run works does not belong here: `engine`.
"""

from simnet.api.reports import Report, RunReport, SweepReport
from simnet.api.running import load, run
from simnet.api.sweeping import sweep

__all__ = ["Report", "RunReport", "SweepReport", "load", "run", "sweep"]
