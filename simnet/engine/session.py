"""A session: the kernel between nodes and results, from the opening of nodes to the end of the clock.

    NodeProvider ── nodes ──▶ Kernel ── events ──▶ Ledger ──▶ watchers (telemetry, exports)
                      │                              ▲
                      └── pictures, faults ──▶ RunResults ──▶ Scorer

The same for a plain run, a run on hosts, a cell of a sweep and a run of recorded sizes: they differ in their provider alone.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from simnet.engine.kernel.kernel import Kernel
from simnet.engine.kernel.pace import Pace, PacedTime, as_fast_as_possible
from simnet.engine.local.measured_nodes import MeasuredNodes
from simnet.engine.results.export_observer import exporting
from simnet.engine.results.ledger import Ledger
from simnet.engine.results.run_results import RunResults
from simnet.engine.results.watched_ledger import WatchedLedger
from simnet.engine.timing import process_memory
from simnet.engine.timing.backlog import backlog
from simnet.engine.timing.core_budget import HIDDEN, LINK
from simnet.errors import InputError
from simnet.nodes.schedule import Schedule
from simnet.runfolder.row_table import RowTable
from simnet.runfolder.run_writer import RowWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from simnet.engine.kernel.port import Announcements, NodeProvider
    from simnet.engine.results.ledger import WriteRows
    from simnet.engine.results.run_telemetry import Telemetry
    from simnet.engine.results.scorer import Scorer
    from simnet.engine.results.task_measuring import TaskMeasuring
    from simnet.engine.results.watched_ledger import RunWatcher
    from simnet.engine.run_options import RunOptions
    from simnet.engine.timing.core_budget import CoreBudget
    from simnet.engine.timing.phase_timer import PhaseTimer
    from simnet.engine.timing.thread_timer import ThreadTimer
    from simnet.exports import Exports
    from simnet.net import LinkStatistics
    from simnet.records import Scenario
    from simnet.records.network_event import NetworkEvent
    from simnet.records.task_config import TaskFigure

Finished = TypeVar("Finished")


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The result of a run before it is written to its folder."""

    fingerprint: str
    """The digest of all events and pictures."""
    rows: RowTable
    """Written already."""
    links: Sequence[LinkStatistics]
    announcements: Announcements
    events: Sequence[NetworkEvent]
    seconds: Mapping[str, float]
    """By part, summed over threads and hosts."""
    peak_bytes: int
    """Of all processes."""
    returns: int
    """How often a host came back."""
    lost: Mapping[str, str]
    """Hosts that the run went on without, and why."""
    pace: Pace | None
    exports: Exports | None
    """Not finished yet."""
    budget: CoreBudget | None
    """What the parts have taken of the processor; None if that was not asked for."""
    task_figures: Mapping[str, TaskFigure] = field(default_factory=dict[str, "TaskFigure"])
    """How the figures of tasks are written, by `task.figure`."""
    pooled: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, "Mapping[str, float]"])
    """Figures of tasks that are no means over frames, by stream."""


def simulate(
    scenario: Scenario,
    out: Path,
    options: RunOptions,
    provider: NodeProvider,
    timers: tuple[PhaseTimer, ThreadTimer],
    finish: Callable[[RunOutcome], Finished],
    budget: CoreBudget | None = None,
) -> Finished:
    """Run the clock from the beginning to the end; return what `finish` returns, which runs before the hosts end.

    So a host that ends with status 0 ends after the report has been written. `budget` learns what this process takes.
    """
    phases, threads = timers
    phases.mark("imports")
    with (
        _telemetry(scenario, out, options) as telemetry,
        exporting(options.exports, out, scenario, provider.frame, provider.truth) as exports,
        RowWriter(out) as rows,
    ):
        watchers: list[RunWatcher] = [each for each in (telemetry, exports) if each is not None]
        ledger, tasks = _ledger((out.name, scenario, rows.write_rows), provider, watchers)
        scorer = _scorer(scenario, out, provider, threads, ledger, watchers)
        results = RunResults(ledger, watchers, scorer, backlog(scenario))
        with provider.nodes(results) as carried:
            nodes = carried if budget is None else MeasuredNodes(carried, threads)
            pace = None if options.realtime is None else Pace(options.realtime)
            kernel = Kernel(
                scenario,
                nodes,
                ledger,
                pass_time=as_fast_as_possible if pace is None else PacedTime(pace, nodes),
                progress=options.progress,
                cancel=options.cancel,
            )
            for each in watchers:
                each.watch(kernel.network)
            announcements = kernel.open()
            for each in watchers:
                each.opened(announcements)
            phases.mark("opening nodes")
            if budget is not None:
                budget.starts()
            with threads.part(LINK):
                links = kernel.run()
            results.finish()
            if tasks is not None:
                tasks.finish()
            ledger.finish()
            rows.close()
            fingerprint = ledger.fingerprint()
            if telemetry is not None:
                telemetry.ended(fingerprint)
            phases.mark("run")
            costs = nodes.costs()
            phases.mark("stopping")
            if costs.first_coded_s is not None:
                phases.seconds["until the first coded frame"] = costs.first_coded_s - phases.began
            threads.add(costs.seconds)
            if budget is not None:
                budget.ends(threads.seconds)
            outcome = RunOutcome(
                fingerprint=fingerprint,
                rows=RowTable.of(out),
                links=links,
                announcements=announcements,
                events=kernel.events(),
                seconds={part: spent for part, spent in threads.seconds.items() if not part.endswith(HIDDEN)},
                peak_bytes=process_memory.peak_bytes() + costs.peak_bytes,
                returns=costs.returns,
                lost=costs.lost,
                pace=pace,
                exports=exports and exports.files,
                budget=budget,
                task_figures={} if tasks is None else tasks.figures,
                pooled={} if tasks is None else tasks.pooled(),
            )
            return finish(outcome)


def _ledger(
    told: tuple[str, Scenario, WriteRows], provider: NodeProvider, watchers: list[RunWatcher]
) -> tuple[Ledger, TaskMeasuring | None]:
    """Return the ledger, and what measures the scenario's tasks, which becomes one of the `watchers`.

    `told` is the run's name, its scenario, and what takes its rows.
    """
    scenario, has_pictures = told[1], provider.frame is not None
    if not (watchers or scenario.tasks):
        return Ledger(*told, has_pictures=has_pictures), None
    ledger = WatchedLedger(*told, watchers, has_pictures=has_pictures)
    if not scenario.tasks:
        return ledger, None
    if provider.frame is None or provider.truth is None:
        raise InputError(
            f"tasks {', '.join(task.name for task in scenario.tasks)}: recorded sizes have no pictures; expected --set tasks={{}}"
        )
    from simnet.engine.results.task_measuring import TaskMeasuring

    tasks = TaskMeasuring(scenario, provider.frame, provider.truth, ledger)
    watchers.append(tasks)
    return ledger, tasks


def _telemetry(scenario: Scenario, out: Path, options: RunOptions) -> AbstractContextManager[Telemetry | None]:
    if options.live is None:
        return nullcontext()
    from simnet.engine.results.run_telemetry import Telemetry  # takes zmq along

    return Telemetry(options.live, scenario, out.name)


def _scorer(
    scenario: Scenario,
    out: Path,
    provider: NodeProvider,
    timer: ThreadTimer,
    ledger: Ledger,
    watchers: Sequence[RunWatcher],
) -> Scorer | None:
    if provider.frame is None or provider.record_score is None:
        return None
    from simnet.engine.results.scorer import Scorer  # takes cv2 along

    cameras = scenario.cameras
    counts = {stream.name: Schedule.of(cameras[stream.name], scenario.duration_ns).count for stream in scenario.streams}
    return Scorer(
        provider.frame, out, counts, timer, ledger, watchers, provider.record_score, scenario.scores, backlog(scenario)
    )
