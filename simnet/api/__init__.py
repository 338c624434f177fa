"""Python API for scripts and notebooks: load, run or sweep a scenario, evaluate codecs, and read the results as DataFrames.

    load ──▶ run ────▶ RunReport     frames, links, streams, the page
             sweep ──▶ SweepReport   table, frames cell by cell, the page
    evaluate ────────▶ EvaluationReport   pictures, points, differences, the page

Rules: the API prints nothing, handles no signals and works in any thread. It blocks a running event loop unless it is called by
`await asyncio.to_thread(simnet.run, ...)`. `validation` checks arguments; `engine` executes runs.
"""

from simnet.api.evaluating import evaluate
from simnet.api.evaluation_report import EvaluationReport
from simnet.api.reports import Report, RunReport, SweepReport
from simnet.api.running import load, run
from simnet.api.sweeping import sweep

__all__ = ["EvaluationReport", "Report", "RunReport", "SweepReport", "evaluate", "load", "run", "sweep"]
