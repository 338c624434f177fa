"""One cell of a sweep: a run in one thread through the store, and what its receiver had on its screen."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from simnet.engine import preflight
from simnet.engine.cached.displayed import displayed
from simnet.engine.kernel.offered_load import offered_kbit_s
from simnet.engine.local import local_nodes
from simnet.engine.session import simulate_directly
from simnet.engine.timing import process_memory
from simnet.engine.timing.phase_timer import Times
from simnet.runfolder import sweep_writer

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.engine.cached.cache_statistics import Counts
    from simnet.engine.runner import Asked
    from simnet.records import Scenario
    from simnet.store import Store


def run_cell(scenario: Scenario, out: Path, store: Store, counts: Counts, asked: Asked) -> None:
    """Run a scenario into the folder `out` (see `runfolder.sweep_reader`); `counts` tells what had to be coded and decoded.

    The rows and the fingerprint are those of `runner.run`.

    Raises:
        SimnetError: Whatever is wrong with the scenario, its world or its codecs.
    """
    from simnet.engine import runner

    times = Times(time.perf_counter())
    scenario = preflight.ready(scenario)
    preflight.make_folder(out)
    if local_nodes.is_recorded(scenario):
        with process_memory.without_search_for_circles():
            happened = simulate_directly(scenario, lambda _: None, times)
            sweep_writer.write_displayed(out, [])
            runner.write_folder(scenario, out, happened, asked, times, offered_kbit_s(scenario))
        return
    from simnet.engine.cached.cached_pixels import Pixels

    process_memory.keep_freed_pages()
    with closing(Pixels(scenario, store, counts)) as pixels:
        happened = simulate_directly(scenario, lambda _: None, times, pixels)
        rows = runner.rows_of(scenario, out, happened)
        sweep_writer.write_displayed(out, displayed(rows, pixels, out))
        runner.write_folder(scenario, out, happened, asked, times, offered_kbit_s(scenario))
