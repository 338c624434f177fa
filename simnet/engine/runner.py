"""A run from scenario to report: hosts up, clock through, rows and page written."""

from __future__ import annotations

import importlib
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from simnet.engine import preflight
from simnet.engine.kernel.pace import Pace
from simnet.engine.local import local_nodes
from simnet.engine.recovery import journal as journals
from simnet.engine.recovery.journal import Beginning
from simnet.engine.remote import launcher
from simnet.engine.remote.supervisor import RESTARTS
from simnet.engine.results.export_observer import exporting
from simnet.engine.session import (
    Happened,
    Order,
    simulate,
    simulate_directly,
)
from simnet.engine.timing import process_memory
from simnet.engine.timing.phase_timer import Times
from simnet.exports import Ended
from simnet.exports import check as check_exports
from simnet.records import SECOND_NS, Announcement
from simnet.records.plain_data import from_plain, to_plain
from simnet.row_statistics import summarise
from simnet.runfolder import folder_names, run_writer
from simnet.runfolder.run_manifest import RunManifest, RunSummary
from simnet.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simnet.engine.recovery.journal import Journal
    from simnet.engine.remote.launcher import Crew
    from simnet.records import Row, Scenario


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to. `summary` is the JSON object that `simnet run --json` prints."""

    folder: Path
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user typed, for the report to repeat."""

    command: str = ""
    overrides: Sequence[str] = ()
    scenario_text: str = ""


NOTHING_TYPED = Asked()


def run(
    scenario: Scenario,
    out: Path,
    *,
    hosts: int = 0,
    crew: Crew | None = None,
    restarts: int = RESTARTS,
    answer_delay_s: float = 0.0,
    live: str | None = None,
    report: bool = True,
    realtime: float | None = None,
    journal: Journal | None = None,
    progress: Callable[[int], None] = lambda _: None,
    asked: Asked = NOTHING_TYPED,
    began: float | None = None,
    exports: Sequence[str] = (),
) -> RunResult:
    """Run a scenario and write its folder `out`, report included.

    Args:
        scenario: What to run; a recorded world that ends earlier ends the run.
        out: The folder to write; must be empty or not exist, unless its run is gone on with.
        hosts: 0 for threads of this process, else the number of processes that carry the nodes.
        crew: How the hosts come to be, where they are not `hosts` of this machine (`hosts` is `COME_BY_THEMSELVES` then).
        restarts: How often each of the `hosts` processes is started again when it dies.
        answer_delay_s: The longest random pause before every answer of a node; changes nothing but wall time.
        live: Where telemetry is published for those who watch, e.g. `tcp://127.0.0.1:5570`; changes nothing else.
        report: Whether to make the page; if not, `simnet.report.write` does it later.
        realtime: Wall seconds a virtual second, to pace the clock; None lets it run as fast as it can.
        journal: That of the interrupted run in `out`, to go on with it.
        progress: Called with the virtual time at every capture.
        asked: What the report repeats of the command.
        began: The `time.perf_counter()` at which the command began, to count its start-up.
        exports: What else to write into the folder, of `simnet.exports.KINDS`; changes nothing else.

    Raises:
        SimnetError: Whatever is wrong with the scenario, its world, its codecs, or a host.
    """
    times = Times(time.perf_counter() if began is None else began)
    _import_ahead()
    beginning = Beginning(scenario, hosts, asdict(asked))
    scenario = preflight.ready(scenario)
    finish = partial(_write, scenario, out, asked, times, report=report)
    is_recorded = local_nodes.is_recorded(scenario)
    check_exports(exports, has_pictures=not is_recorded, is_resumed=journal is not None)
    if is_recorded:
        preflight.refuse_hosts(hosts or crew or live or realtime or journal)
        return _run_directly(scenario, out, progress, times, finish, exports)
    pace = None if realtime is None else Pace(realtime)
    with journals.kept(journal, out, beginning) as answers:
        muster = crew or launcher.crew(hosts, restarts)
        order = Order(scenario, out, muster, answers, pace, answer_delay_s, live, asked.overrides, progress, exports)
        return simulate(order, times, finish)


def _run_directly(
    scenario: Scenario,
    out: Path,
    progress: Callable[[int], None],
    times: Times,
    finish: Callable[[Happened], RunResult],
    exports: Sequence[str],
) -> RunResult:
    preflight.make_folder(out)
    with process_memory.without_search_for_circles(), exporting(exports, out, scenario, None) as telling:
        return finish(simulate_directly(scenario, progress, times, exports=telling))


def _write(scenario: Scenario, out: Path, asked: Asked, times: Times, happened: Happened, *, report: bool) -> RunResult:
    """Write the run's folder, with its page if `report` says so."""
    from simnet.report import write as write_page

    rows = rows_of(scenario, out, happened)
    _write_tables(out, rows, happened)
    times.mark("writing rows")
    if happened.exports is not None:
        fingerprint = happened.ledger.fingerprint()
        ended = Ended(out.name, fingerprint, rows, happened.links, happened.events, tuple(happened.lost))
        happened.exports.finish(ended)
        times.mark("exports")

    def write_manifest() -> RunResult:
        summary = _summary(scenario, out, happened, rows, times.total, report=report)
        run_writer.write_manifest(out, _manifest(scenario, happened, asked, summary, times))
        return RunResult(out, to_plain(summary))

    result = write_manifest()
    if report:
        write_page(out)
        times.mark("report")
        result = write_manifest()
    return result


def write_folder(
    scenario: Scenario, out: Path, happened: Happened, asked: Asked, times: Times, offered_kbit_s: dict[str, float]
) -> None:
    """Write the run of a sweep's cell, without a page; its manifest makes the folder whole."""
    rows = rows_of(scenario, out, happened)
    _write_tables(out, rows, happened)
    summary = _summary(scenario, out, happened, rows, times.total, report=False)
    summary = replace(summary, rows=folder_names.ROWS)  # the folder has another name once it is whole
    manifest = _manifest(scenario, happened, asked, summary, times)
    run_writer.write_manifest(out, replace(manifest, offered_kbit_s=offered_kbit_s))


def rows_of(scenario: Scenario, out: Path, happened: Happened) -> list[Row]:
    """Return the rows of a run."""
    return happened.ledger.rows(out.name, {stream.name: stream for stream in scenario.streams}, scenario.cameras)


def _write_tables(out: Path, rows: Sequence[Row], happened: Happened) -> None:
    run_writer.write_rows(out, rows)
    run_writer.write_links(out, happened.links)


def _import_ahead() -> None:
    """Import what the end of a run needs while nodes open and one core has nothing to do."""

    def load() -> None:
        for name in ("pyarrow.parquet", "pandas", "simnet.report.page_template"):
            with suppress(
                ImportError
            ):  # pyarrow takes pandas along where it is installed; the rest fails where it is used
                importlib.import_module(name)

    threading.Thread(target=load, name="imports", daemon=True).start()


def _summary(
    scenario: Scenario, out: Path, happened: Happened, rows: Sequence[Row], wall_s: float, *, report: bool
) -> RunSummary:
    virtual_s = scenario.duration_ns / SECOND_NS
    return RunSummary(
        fingerprint=happened.ledger.fingerprint(),
        virtual_s=virtual_s,
        wall_s=round(wall_s, 3),
        frames=len(rows),
        peak_rss_mb=round(happened.peak_bytes / 2**20, 1),
        restarts=happened.returns,
        streams=summarise(rows, virtual_s),
        report=str(out / folder_names.PAGE) if report else None,
        rows=str(out / folder_names.ROWS),
        realtime=None if happened.pace is None else happened.pace.report(),
        exports=() if happened.exports is None else tuple(str(path) for path in happened.exports.paths),
    )


def _manifest(scenario: Scenario, happened: Happened, asked: Asked, summary: RunSummary, times: Times) -> RunManifest:
    from simnet.engine.timing import processor

    seconds = {**times.seconds, **happened.seconds}
    return RunManifest(
        summary=summary,
        scenario=scenario,
        command=asked.command,
        overrides=tuple(asked.overrides),
        scenario_text=asked.scenario_text,
        version=__version__,
        started=times.started,
        cpu=processor.processor(),
        announcements={name: from_plain(Announcement, each) for name, each in happened.announcements.items()},
        timings={name: round(spent, 3) for name, spent in seconds.items()},
        events=tuple(happened.events),
        lost_hosts=happened.lost,
    )
