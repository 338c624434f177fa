"""One cell of a sweep: a run in one thread through the store, and what its receiver displays."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from simnet import exports
from simnet.engine import preflight, runner
from simnet.engine.cached.displayed import displayed
from simnet.engine.kernel.offered_load import offered_kbit_s
from simnet.engine.local.local_nodes import CachedNodes, RecordedNodes
from simnet.engine.session import simulate
from simnet.engine.timing import process_memory
from simnet.engine.timing.phase_timer import PhaseTimer
from simnet.engine.timing.thread_timer import ThreadTimer
from simnet.library_threads import limited
from simnet.runfolder import sweep_writer

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.engine.cached.cache_statistics import CacheCounters
    from simnet.engine.run_options import RunOptions
    from simnet.engine.session import RunOutcome
    from simnet.records import Scenario
    from simnet.store import Store


def run_cell(scenario: Scenario, out: Path, store: Store, counters: CacheCounters, options: RunOptions) -> None:
    """Run a scenario into the folder `out` (see `runfolder.sweep_reader`); `counters` count what the store did not have.

    The rows and the fingerprint are those of `runner.run`. Of the options, those of hosts and of the page have no meaning here.

    Raises:
        SimnetError: Whatever is wrong with the scenario, its world or its codecs.
    """
    timers = PhaseTimer(time.perf_counter()), ThreadTimer()
    scenario = preflight.ready(scenario)
    is_recorded = preflight.is_recorded(scenario)
    exports.check(options.exports, has_pictures=not is_recorded, is_resumed=False)
    preflight.make_folder(out)

    def write(pixels: Pixels | None, outcome: RunOutcome) -> None:
        shown = [] if pixels is None else displayed(list(outcome.rows), pixels, out)
        sweep_writer.write_displayed(out, shown)
        runner.write_folder(scenario, out, outcome, options, timers[0], offered_kbit_s(scenario))

    if is_recorded:
        simulate(scenario, out, options, RecordedNodes(scenario), timers, partial(write, None))
        return
    from simnet.engine.cached.cached_pixels import Pixels  # takes cv2 along

    process_memory.keep_freed_pages()
    with limited(), closing(Pixels(scenario, store, counters)) as pixels:
        simulate(scenario, out, options, CachedNodes(scenario, pixels), timers, partial(write, pixels))
