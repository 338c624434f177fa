"""A run's middle: hosts up, clock through, hosts down."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simnet.engine.cached.cached_pixels import Pixels
    from simnet.engine.kernel.pace import Pace
    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.recovery.journal import Journal
    from simnet.engine.remote.launcher import Crew
    from simnet.engine.results.export_observer import Exporting
    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.run_telemetry import Telemetry
    from simnet.engine.results.scorer import Scorer, Show
    from simnet.engine.results.watched_ledger import LedgerWatcher
    from simnet.engine.timing.phase_timer import Times
    from simnet.engine.timing.thread_timer import Stopwatch
    from simnet.exports import Exports
    from simnet.net import LinkStatistics
    from simnet.records import Scenario
    from simnet.records.network_event import NetworkEvent

Finished = TypeVar("Finished")


@dataclass(frozen=True, slots=True)
class Order:
    """What to run and how; see `runner.run`."""

    scenario: Scenario
    out: Path
    crew: Crew
    journal: Journal
    pace: Pace | None
    answer_delay_s: float
    live: str | None
    overrides: Sequence[str]
    progress: Callable[[int], None]
    exports: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """What a run came to, before it is written down."""

    ledger: Ledger
    links: list[LinkStatistics]
    announcements: dict[str, object]
    events: Sequence[NetworkEvent]
    seconds: dict[str, float]
    """By part, summed over threads and hosts."""
    peak_bytes: int
    """Of all processes."""
    returns: int = 0
    """How often a host came back."""
    lost: dict[str, str] = field(default_factory=dict)
    """Hosts that the run went on without, and why."""
    pace: Pace | None = None
    exports: Exports | None = None
    """Not finished yet."""


def simulate(order: Order, times: Times, finish: Callable[[Happened], Finished]) -> Finished:
    """Run the clock from the beginning to the end; return what `finish` makes of it, before hosts are told that the run is over.

    So a host that ends well, wherever it is, ends after the report is there.
    """
    import cv2

    from simnet.engine.local.lazy_world import LazyWorld
    from simnet.engine.timing import process_memory
    from simnet.engine.timing.thread_timer import Stopwatch

    cv2.setNumThreads(1)
    process_memory.keep_freed_pages()
    stopwatch = Stopwatch()
    world = LazyWorld(order.scenario, stopwatch)
    world.open_ahead()
    try:
        return _simulate(order, world, stopwatch, times, finish)
    finally:
        world.close()


def _simulate(
    order: Order, world: LazyWorld, stopwatch: Stopwatch, times: Times, finish: Callable[[Happened], Finished]
) -> Finished:
    from simnet.engine.recovery.picture_spool import Shelf
    from simnet.engine.recovery.replay import Replay
    from simnet.engine.remote.broker_loop import Broker
    from simnet.engine.remote.node_client import Hosts
    from simnet.engine.remote.pending_pictures import PICTURES_BEHIND
    from simnet.engine.results import scorer
    from simnet.engine.results.export_observer import exporting
    from simnet.engine.timing import process_memory

    # Decodings on their way, then pictures that wait to be scored, and one at either end. Whoever resumes asks first for the
    # oldest picture without a score, and has as many decodings before it on their way again.
    shelf = Shelf(order.journal.pictures, order.scenario, 2 * (PICTURES_BEHIND + 1) + scorer.BACKLOG + 2)
    replay = Replay(shelf)
    times.mark("imports")
    with (
        _watching(order) as telemetry,
        exporting(order.exports, order.out, order.scenario, world) as exports,
        order.crew(order.scenario, world, replay) as muster,
    ):
        socket = muster.socket
        watchers = [each for each in (telemetry, exports) if each is not None]
        ledger = _ledger(watchers)
        scoring = _scorer(order, world, ledger, stopwatch, [each.show for each in watchers])
        hosts = Hosts(socket, replay, order.journal)
        broker = Broker(order.scenario, hosts, ledger, scoring, order.progress, order.pace)
        for each in watchers:
            each.watch(broker.network)
        broker.open(muster.wait(), order.answer_delay_s, order.overrides)
        if exports is not None:
            exports.opened(broker.announcements)
        times.mark("opening nodes")
        links = broker.run()
        scoring.finish()
        if telemetry is not None:
            telemetry.ended(ledger.fingerprint())
        times.mark("run")
        times.seconds["until the first coded frame"] = broker.first_coded - times.began
        ends = broker.tally()
        stopwatch.add({"clock waits for nodes (wall)": socket.waited_s})
        times.mark("stopping")
        for end in ends:
            stopwatch.add({item["part"]: item["seconds"] for item in end.header["seconds"]})
        happened = Happened(
            ledger=ledger,
            links=links,
            announcements=broker.announcements,
            events=broker.events(),
            seconds=stopwatch.seconds,
            peak_bytes=process_memory.peak_bytes() + sum(end.header["peak_rss_bytes"] for end in ends),
            returns=socket.returns,
            lost=broker.lost,
            pace=order.pace,
            exports=exports and exports.files,
        )
        return finish(happened)


def simulate_directly(
    scenario: Scenario,
    progress: Callable[[int], None],
    times: Times,
    pixels: Pixels | None = None,
    exports: Exporting | None = None,
) -> Happened:
    """Do as `simulate` in one thread: recorded sizes without pictures, or real ones through `pixels`."""
    from simnet.engine.local import coders, local_nodes
    from simnet.engine.timing import process_memory
    from simnet.nodes.fusion_setup import FusionSetup

    ledger = _ledger([] if exports is None else [exports])
    times.mark("imports")
    own = (
        coders.RecordedCoding(scenario)
        if pixels is None
        else coders.PixelCoding(pixels, ledger, FusionSetup.of(scenario).memory_ns)
    )
    direct_run = local_nodes.DirectRun(scenario, ledger, own, progress)
    announcements: dict[str, object] = {name: asdict(each) for name, each in direct_run.announcements.items()}
    if exports is not None:
        exports.watch(direct_run.network)
        exports.opened(announcements)
    times.mark("opening nodes")
    links = direct_run.run()
    times.mark("run")
    files = exports and exports.files
    return Happened(ledger, links, announcements, direct_run.events(), {}, process_memory.peak_bytes(), exports=files)


def _watching(order: Order) -> AbstractContextManager[Telemetry | None]:
    if order.live is None:
        return nullcontext()
    from simnet.engine.results.run_telemetry import Telemetry

    return Telemetry(order.live, order.scenario, order.out.name)


def _ledger(watchers: Sequence[LedgerWatcher]) -> Ledger:
    from simnet.engine.results.ledger import Ledger
    from simnet.engine.results.watched_ledger import WatchedLedger

    return WatchedLedger(watchers) if watchers else Ledger()


def _scorer(order: Order, world: LazyWorld, ledger: Ledger, stopwatch: Stopwatch, show: Sequence[Show]) -> Scorer:
    from simnet.engine.results.scorer import Scorer
    from simnet.nodes.schedule import Schedule
    from simnet.runfolder.folder_names import PICTURES

    scenario, cameras = order.scenario, order.scenario.cameras
    counts = {stream.name: Schedule.of(cameras[stream.name], scenario.duration_ns).count for stream in scenario.streams}
    return Scorer(world, order.out / PICTURES, counts, stopwatch, ledger, show, order.journal.record_score)
