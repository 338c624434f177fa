"""A run from scenario to report: nodes up, clock through, rows and page written."""

from __future__ import annotations

import importlib
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from simnet import compute_device, library_threads, report
from simnet.engine import preflight
from simnet.engine.local.lazy_world import LazyWorld
from simnet.engine.local.local_nodes import RecordedNodes
from simnet.engine.recovery import journal as journals
from simnet.engine.recovery.journal import Beginning
from simnet.engine.remote.launcher import launcher
from simnet.engine.run_options import RunOptions
from simnet.engine.session import RunOutcome, simulate
from simnet.engine.timing.core_budget import CoreBudget
from simnet.engine.timing.phase_timer import PhaseTimer
from simnet.engine.timing.thread_timer import ThreadTimer
from simnet.errors import InputError
from simnet.exports import FinishedRun
from simnet.exports import check as check_exports
from simnet.records import SECOND_NS
from simnet.records.plain_data import to_plain
from simnet.runfolder import folder_names, run_writer
from simnet.runfolder.run_manifest import RunManifest, RunSummary
from simnet.service_thread import ServiceThread
from simnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from simnet.records import Scenario
    from simnet.row_statistics import StreamFigures

    Timers = tuple[PhaseTimer, ThreadTimer]


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run. `summary` is the JSON object that `simnet run --json` prints."""

    folder: Path
    summary: dict[str, Any]


def run(scenario: Scenario, out: Path, options: RunOptions | None = None) -> RunResult:
    """Run a scenario and write its folder, report included.

    Args:
        scenario: What to run; a recorded world that ends earlier ends the run.
        out: The folder to write; must be empty or not exist, unless its run is gone on with.
        options: How to run it.

    Raises:
        SimnetError: Whatever is wrong with the scenario, its world, its codecs, or a host.
        KeyboardInterrupt: The run was cancelled.
    """
    options = options or RunOptions()
    timers = PhaseTimer(time.perf_counter() if options.began_s is None else options.began_s), ThreadTimer()
    _import_ahead()
    beginning = Beginning(scenario, options.hosts, asdict(options.invocation))
    asked, scenario = scenario, preflight.ready(scenario)
    preflight.tell_early_end(asked, scenario)
    finish = partial(_write, scenario, out, options, timers[0])
    is_recorded = preflight.is_recorded(scenario)
    check_exports(options.exports, has_pictures=not is_recorded, is_resumed=options.journal is not None)
    if options.journal is None:
        preflight.make_folder(out)
    elif scenario.tasks:
        raise InputError(
            f"{out}: its tasks need pictures from before the interruption, which are gone; expected a new run, without --resume"
        )
    if is_recorded and not (options.hosts or options.launcher or options.journal):
        return simulate(scenario, out, options, RecordedNodes(scenario), timers, finish)
    return _run_hosted(scenario, out, options, beginning, timers, finish)


def _run_hosted(
    scenario: Scenario,
    out: Path,
    options: RunOptions,
    beginning: Beginning,
    timers: Timers,
    finish: Callable[[RunOutcome], RunResult],
) -> RunResult:
    """Run a scenario on hosts: threads of this process, processes, or hosts that others start."""
    has_pictures = not preflight.is_recorded(scenario)
    with closing(LazyWorld(scenario, timers[1])) as world, journals.kept(options.journal, out, beginning) as journal:
        if has_pictures:
            world.open_ahead()  # while this process imports the rest
        from simnet.engine.remote.hosted_nodes import HostedNodes  # takes cv2 and zmq along

        with HostedNodes(
            scenario,
            options.launcher or launcher(options.hosts, options.restarts),
            journal,
            world,
            has_pictures=has_pictures,
            answer_delay_s=options.answer_delay_s,
            overrides=options.invocation.overrides,
        ) as provider:
            # Of hosts that are processes of their own, this one knows too little.
            budget = None if options.hosts or options.launcher else CoreBudget(lambda: world.core_seconds)
            return simulate(scenario, out, options, provider, timers, finish, budget)


def _write(scenario: Scenario, out: Path, options: RunOptions, phases: PhaseTimer, outcome: RunOutcome) -> RunResult:
    """Write the run's folder, with its page if the options say so."""
    _write_tables(out, outcome, phases)

    figures = _summary(scenario, out, outcome, report=options.report)

    def write_manifest() -> RunResult:
        summary = replace(figures, wall_s=round(phases.total, 3))
        run_writer.write_manifest(out, _manifest(scenario, outcome, options, summary, phases))
        return RunResult(out, to_plain(summary))

    result = write_manifest()
    if options.report:
        report.write(out)
        phases.mark("report")
        result = write_manifest()
    return result


def write_folder(
    scenario: Scenario,
    out: Path,
    outcome: RunOutcome,
    options: RunOptions,
    phases: PhaseTimer,
    offered_kbit_s: dict[str, float],
) -> None:
    """Write the run of a sweep's cell, without a page; its manifest makes the folder whole.

    Paths in the manifest are those within the folder, which has another name once it is whole.
    """
    _write_tables(out, outcome, phases)
    summary = _summary(scenario, out, outcome, report=False)
    exported = () if outcome.exports is None else tuple(str(path.relative_to(out)) for path in outcome.exports.paths)
    summary = replace(summary, wall_s=round(phases.total, 3), rows=folder_names.ROWS, exports=exported)
    manifest = _manifest(scenario, outcome, options, summary, phases)
    run_writer.write_manifest(out, replace(manifest, offered_kbit_s=offered_kbit_s))


def _write_tables(out: Path, outcome: RunOutcome, phases: PhaseTimer) -> None:
    """Write links, and finish the exports."""
    run_writer.write_links(out, outcome.links)
    phases.mark("writing rows")
    if outcome.exports is not None:
        ended = FinishedRun(
            out.name, outcome.fingerprint, outcome.rows, outcome.links, outcome.events, tuple(outcome.lost)
        )
        outcome.exports.finish(ended)
        phases.mark("exports")


def _import_ahead() -> None:
    """Import what the end of a run needs while nodes open and one core has nothing to do."""

    def load() -> None:
        for name in ("pyarrow.parquet", "pandas", "simnet.report.page_template"):
            # pyarrow takes pandas along where it is installed; the rest fails where it is used
            with suppress(ImportError, OSError):
                importlib.import_module(name)

    ServiceThread("imports", load)  # nobody waits for it: what is missing fails where it is used


def _summary(scenario: Scenario, out: Path, outcome: RunOutcome, *, report: bool) -> RunSummary:
    """Return what a run came to, but for its wall time, which has not ended."""
    virtual_s = scenario.duration_ns / SECOND_NS
    return RunSummary(
        fingerprint=outcome.fingerprint,
        virtual_s=virtual_s,
        wall_s=0.0,
        frames=len(outcome.rows),
        peak_rss_mb=round(outcome.peak_bytes / 2**20, 1),
        restarts=outcome.returns,
        streams=_with_pooled(outcome.rows.figures(virtual_s), outcome.pooled),
        report=str(out / folder_names.PAGE) if report else None,
        rows=str(out / folder_names.ROWS),
        realtime=None if outcome.pace is None else outcome.pace.report(),
        exports=() if outcome.exports is None else tuple(str(path) for path in outcome.exports.paths),
    )


def _with_pooled(
    streams: Mapping[str, StreamFigures], pooled: Mapping[str, Mapping[str, float]]
) -> dict[str, StreamFigures]:
    """Return streams' figures with those figures of tasks that are of all frames together."""
    return {
        name: replace(own, tasks=dict(sorted({**own.tasks, **pooled.get(name, {})}.items())))
        for name, own in streams.items()
    }


def _manifest(
    scenario: Scenario, outcome: RunOutcome, options: RunOptions, summary: RunSummary, phases: PhaseTimer
) -> RunManifest:
    seconds = {**phases.seconds, **outcome.seconds}
    return RunManifest(
        summary=summary,
        scenario=scenario,
        command=options.invocation.command,
        overrides=tuple(options.invocation.overrides),
        scenario_text=options.invocation.scenario_text,
        version=__version__,
        started=phases.started,
        cpu=compute_device.described(),
        announcements=dict(outcome.announcements),
        timings={name: round(spent, 3) for name, spent in seconds.items()},
        core_seconds={} if outcome.budget is None else outcome.budget.told(),
        events=tuple(outcome.events),
        lost_hosts=dict(outcome.lost),
        export_kinds=tuple(options.exports),
        task_figures=dict(outcome.task_figures),
        library_threads={} if preflight.is_recorded(scenario) else library_threads.settings(),
    )
