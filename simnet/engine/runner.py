"""A run from scenario to report: hosts up, clock through, rows and page written."""

from __future__ import annotations

import importlib
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from simnet import __version__
from simnet.errors import InputError, PictureError
from simnet.records import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from simnet.engine.launch import Crew
    from simnet.engine.lazy_world import LazyWorld
    from simnet.engine.ledger import Ledger
    from simnet.engine.live import Telemetry
    from simnet.engine.scorer import Scorer
    from simnet.engine.stopwatch import Stopwatch
    from simnet.net import LinkStatistics
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


@dataclass(slots=True)
class _Times:
    """Wall seconds of the run's parts, one after the other, and when it began (`time.perf_counter`)."""

    began: float
    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.began

    def mark(self, part: str) -> None:
        """Everything since the last mark was `part`."""
        now = time.perf_counter()
        self.seconds[part] = now - self._last
        self._last = now

    @property
    def total(self) -> float:
        return time.perf_counter() - self.began


def run(
    scenario: Scenario,
    out: Path,
    *,
    hosts: int = 0,
    crew: Crew | None = None,
    answer_delay_s: float = 0.0,
    live: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
    asked: Asked | None = None,
    began: float | None = None,
) -> RunResult:
    """Run a scenario and write its folder `out`, report included.

    Args:
        scenario: What to run; a recorded world that ends earlier ends the run.
        out: The folder to write; must be empty or not exist.
        hosts: 0 for threads of this process, else the number of processes that carry the nodes.
        crew: How the hosts come to be, where they are not `hosts` of this machine.
        answer_delay_s: The longest random pause before every answer of a node; changes nothing but wall time.
        live: Where telemetry is published for those who watch, e.g. `tcp://127.0.0.1:5570`; changes nothing else.
        progress: Called with the virtual time at every capture.
        asked: What the report repeats of the command.
        began: The `time.perf_counter()` at which the command began, to count its start-up.

    Raises:
        SimnetError: Whatever is wrong with the scenario, its world, its codecs, or a host.
    """
    from simnet.engine import direct, launch
    from simnet.engine import folder as run_folder

    times = _Times(time.perf_counter() if began is None else began)
    _import_ahead()
    started = time.strftime("%Y-%m-%d %H:%M:%S %z")
    _check_codecs(scenario)
    scenario = _clip(scenario)
    _check_frames(scenario)
    _make_folder(out)
    asked = asked or Asked()
    if direct.is_recorded(scenario):
        if hosts or crew is not None or live is not None:
            raise InputError(
                "recorded sizes need no hosts and show no pictures; expected a plain run, without --hosts or --live"
            )
        ledger, links, left, parts, peak_bytes = _simulate_directly(scenario, progress, times)
    else:
        ledger, links, left, parts, peak_bytes = _simulate(
            scenario, out, crew or launch.crew(hosts), answer_delay_s, live, asked.overrides, progress, times
        )
    rows = ledger.rows(out.name, {stream.name: stream for stream in scenario.streams}, scenario.cameras)
    run_folder.write_rows(out, rows)
    run_folder.write_links(out, links)
    times.mark("writing rows")

    def about(summary: dict[str, Any]) -> dict[str, Any]:
        said = _about(scenario, asked, started, summary, _timings(times, parts))
        return said | left

    def summary() -> dict[str, Any]:
        return _summary(scenario, out, ledger, rows, times.total, peak_bytes)

    run_folder.write_about(out, about(summary()))
    from simnet import report

    report.write(out)
    times.mark("report")
    result = RunResult(out, summary())
    run_folder.write_about(out, about(result.summary))
    return result


def _simulate(
    scenario: Scenario,
    out: Path,
    crew: Crew,
    answer_delay_s: float,
    live: str | None,
    overrides: Sequence[str],
    progress: Callable[[int], None],
    times: _Times,
) -> tuple[Ledger, list[LinkStatistics], dict[str, object], dict[str, float], int]:
    """Return what happened, what the links did, what else a report needs, seconds by part, all processes' peak memory."""
    import cv2

    from simnet.engine import memory
    from simnet.engine.lazy_world import LazyWorld
    from simnet.engine.stopwatch import Stopwatch

    cv2.setNumThreads(1)
    memory.keep_freed_pages()
    stopwatch = Stopwatch()
    world = LazyWorld(scenario, stopwatch)
    world.open_ahead()

    from simnet.engine.broker import Broker

    times.mark("imports")
    try:
        with _watching(live, scenario, out) as telemetry, crew(scenario, world) as muster:
            socket = muster.socket
            ledger = _ledger(telemetry)
            scorer = _scorer(scenario, out, world, ledger, stopwatch, telemetry)
            broker = Broker(scenario, socket, ledger, scorer, progress)
            if telemetry is not None:
                telemetry.watch(broker.network)
            broker.open(muster.wait(), answer_delay_s, overrides)
            times.mark("opening nodes")
            links = broker.run()
            scorer.finish()
            if telemetry is not None:
                telemetry.ended(ledger.fingerprint())
            times.mark("run")
            times.seconds["until the first coded frame"] = broker.first_coded - times.began
            ends = broker.stop()
            stopwatch.add({"clock waits for nodes (wall)": socket.waited_s})
            times.mark("stopping")
    finally:
        world.close()
    for end in ends:
        stopwatch.add({item["part"]: item["seconds"] for item in end.header["seconds"]})
    peak_bytes = memory.peak_bytes() + sum(end.header["peak_rss_bytes"] for end in ends)
    left = {"announcements": broker.announcements, "events": [asdict(event) for event in broker.events()]}
    return ledger, links, left, stopwatch.seconds, peak_bytes


def _simulate_directly(
    scenario: Scenario, progress: Callable[[int], None], times: _Times
) -> tuple[Ledger, list[LinkStatistics], dict[str, object], dict[str, float], int]:
    """Do as `_simulate` where no stream has pictures."""
    from simnet.engine import direct, memory
    from simnet.engine.ledger import Ledger

    ledger = Ledger()
    times.mark("imports")
    direct_run = direct.DirectRun(scenario, ledger, progress)
    times.mark("opening nodes")
    links = direct_run.run()
    times.mark("run")
    announcements = {name: asdict(each) for name, each in direct_run.announcements.items()}
    left: dict[str, object] = {
        "announcements": announcements,
        "events": [asdict(event) for event in direct_run.events()],
    }
    return ledger, links, left, {}, memory.peak_bytes()


def _import_ahead() -> None:
    """Import what the end of a run needs while nodes open and one core has nothing to do."""

    def load() -> None:
        for name in ("pyarrow.parquet", "pandas", "simnet.report.page"):
            with suppress(
                ImportError
            ):  # pyarrow takes pandas along where it is installed; the rest fails where it is used
                importlib.import_module(name)

    threading.Thread(target=load, name="imports", daemon=True).start()


def _watching(live: str | None, scenario: Scenario, out: Path) -> AbstractContextManager[Telemetry | None]:
    if live is None:
        return nullcontext()
    from simnet.engine.live import Telemetry

    return Telemetry(live, scenario, out.name)


def _ledger(telemetry: Telemetry | None) -> Ledger:
    if telemetry is None:
        from simnet.engine.ledger import Ledger

        return Ledger()
    from simnet.engine.live import WatchedLedger

    return WatchedLedger(telemetry)


def _scorer(
    scenario: Scenario,
    out: Path,
    world: LazyWorld,
    ledger: Ledger,
    stopwatch: Stopwatch,
    telemetry: Telemetry | None,
) -> Scorer:
    from simnet.engine import folder
    from simnet.engine.scorer import Scorer
    from simnet.nodes.schedule import Schedule

    cameras = scenario.cameras
    counts = {stream.name: Schedule.of(cameras[stream.name], scenario.duration_ns).count for stream in scenario.streams}
    return Scorer(world, out / folder.PICTURES, counts, stopwatch, ledger, telemetry and telemetry.show)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        occupied = any(out.iterdir())
    except OSError as error:
        raise InputError(
            f"{out}: cannot be made ({error.strerror}); expected a folder to write the run into"
        ) from error
    if occupied:
        raise InputError(f"{out}: not empty; expected a new folder for the run")


def _check_codecs(scenario: Scenario) -> None:
    """Raise ModelError where a stream names a codec or a model that there is not."""
    from simnet import codec

    cameras = scenario.cameras
    for stream in scenario.streams:
        codec.check(stream, cameras[stream.name])


def _check_frames(scenario: Scenario) -> None:
    from simnet.nodes.schedule import Schedule

    cameras, duration_ns = scenario.cameras, scenario.duration_ns
    if not any(Schedule.of(cameras[stream.name], duration_ns).count for stream in scenario.streams):
        raise PictureError(
            f"{scenario.world.path or scenario.world.kind}: holds no frame for any stream within the duration; "
            "expected a frame after the offset and every camera's phase"
        )


def _clip(scenario: Scenario) -> Scenario:
    """Return the scenario, ending no later than its recorded world."""
    from simnet import world

    length_ns = world.length_ns(scenario.world, scenario.cameras)
    if length_ns is None or length_ns >= scenario.duration_ns:
        return scenario
    return replace(scenario, duration_ns=length_ns)


def _timings(times: _Times, parts: dict[str, float]) -> dict[str, float]:
    return {name: round(seconds, 3) for name, seconds in {**times.seconds, **parts}.items()}


def _summary(
    scenario: Scenario, out: Path, ledger: Ledger, rows: Sequence[Row], wall_s: float, peak_bytes: int
) -> dict[str, Any]:
    from simnet.engine import folder
    from simnet.report.summary import summarise

    virtual_s = scenario.duration_ns / SECOND_NS
    return {
        "fingerprint": ledger.fingerprint(),
        "virtual_s": virtual_s,
        "wall_s": round(wall_s, 3),
        "frames": len(rows),
        "peak_rss_mb": round(peak_bytes / 2**20, 1),
        "streams": summarise(rows, virtual_s),
        "report": str(out / "report.html"),
        "rows": str(out / folder.ROWS),
    }


def _about(
    scenario: Scenario, asked: Asked, started: str, summary: dict[str, Any], timings: dict[str, float]
) -> dict[str, Any]:
    from simnet.engine import machine

    return {
        "summary": summary,
        "scenario": asdict(scenario),
        "command": asked.command,
        "fingerprint": summary["fingerprint"],
        "version": __version__,
        "started": started,
        "cpu": machine.processor(),
        "timings": timings,
        "scenario_text": asked.scenario_text,
        "overrides": list(asked.overrides),
    }
