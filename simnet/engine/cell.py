"""One cell of a sweep: a run in one thread through the store, and what its receiver had on its screen."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from simnet.engine import preflight
from simnet.engine.kernel.offered_load import offered_kbit_s
from simnet.engine.local import local_nodes
from simnet.engine.session import simulate_directly
from simnet.engine.timing import process_memory
from simnet.engine.timing.phase_timer import Times
from simnet.records import Outcome
from simnet.runfolder import run_writer

if TYPE_CHECKING:
    from pathlib import Path

    from simnet.engine.cached import Pixels
    from simnet.engine.cached.cache_statistics import Counts
    from simnet.engine.runner import Asked
    from simnet.records import Row, Scenario
    from simnet.store import Store

_IN_TIME = (Outcome.DECODED, Outcome.ALONE)

Screen = dict[tuple[str, int], tuple[float, float]]
"""PSNR in dB and MS-SSIM by stream and sequence."""


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
            rows = runner.write_folder(scenario, out, happened, asked, times, _more(scenario))
            run_writer.write_shown(out, rows, {})
        return
    from simnet.engine.cached import Pixels

    process_memory.keep_freed_pages()
    with closing(Pixels(scenario, store, counts)) as pixels:
        happened = simulate_directly(scenario, lambda _: None, times, pixels)
        rows = runner.write_folder(scenario, out, happened, asked, times, _more(scenario))
        run_writer.write_shown(out, rows, _screens(rows, pixels, out / run_writer.PICTURES))


def _more(scenario: Scenario) -> dict[str, Any]:
    return {"offered_kbit_s": offered_kbit_s(scenario)}


def _screens(rows: list[Row], pixels: Pixels, pictures: Path) -> Screen:
    """Return how good what is on the screen is when each frame is due; keep the one in the middle of each stream."""
    streams: dict[str, list[Row]] = {}
    for row in rows:
        streams.setdefault(row.stream, []).append(row)
    screen: Screen = {}
    for stream, own in streams.items():
        own.sort(key=lambda row: row.sequence)
        kept = own[len(own) // 2]
        latest: str | None = None
        for row in own:
            if row.outcome in _IN_TIME and row.psnr_db is not None and row.ms_ssim is not None:
                latest = row.picture_digest
                screen[stream, row.sequence] = row.psnr_db, row.ms_ssim
            else:
                screen[stream, row.sequence] = pixels.shown(stream, row.capture_ns, latest)
            if row is kept:
                _keep(pictures, row, pixels, latest)
    return screen


def _keep(pictures: Path, row: Row, pixels: Pixels, latest: str | None) -> None:
    """Write the original and what the receiver shows in its place; nothing where it shows grey."""
    from PIL import Image

    to = pictures / row.stream.replace("/", "~")
    to.mkdir(parents=True, exist_ok=True)
    seen = {"original": pixels.original(row.stream, row.capture_ns)}
    if latest is not None:
        seen["shown"] = pixels.picture(latest)
    for kind, picture in seen.items():
        Image.fromarray(picture).save(to / f"{row.sequence}_{kind}.png", compress_level=3)
