"""Sweeping a scenario over a grid from Python."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from simnet.api import validation
from simnet.api.reports import SweepReport

if TYPE_CHECKING:
    from collections.abc import Iterator


@validation.validated
def sweep(
    scenario: validation.ScenarioFile,
    settings: validation.Settings = None,
    *,
    out: validation.Folder,
    codecs: validation.Codecs = (),
    seeds: validation.Seeds = None,
    workers: validation.Workers = None,
    scheduler: validation.Address = None,
    cache: validation.FolderOrNone = None,
    cache_bytes: validation.Bytes = None,
    page: validation.Switch = True,
    exports: validation.Exports = (),
    progress: validation.SweepProgress = None,
) -> SweepReport:
    """Run a scenario at every point of a grid, and return what came of it; cells that are in the folder are not run again.

    Args:
        scenario: A file, or a shipped scenario's name.
        settings: Values of keys of the scenario: `{"links.*.bandwidth": ["100 kbit/s", "1 Mbit/s"], "duration": "2 s"}`; a list,
            a range or a NumPy array is swept (so one value that is a list is a list in a list), anything else holds everywhere.
        out: The folder: a new one, or that of an earlier sweep, whose cells are kept.
        codecs: For all streams: `name`, `name+fuse` or `name=model`, one or a list; none keeps the scenario's.
        seeds: How many, from the scenario's own on, or which, each once; None is the scenario's own alone.
        workers: How many processes of this machine; None is one a processor.
        scheduler: A Dask scheduler's address, `tcp://host:port`, instead of `workers`.
        cache: Folder of what was coded before; None is the user's own, shared by all sweeps.
        cache_bytes: How large that may get; None is 8 GB.
        page: Whether to make the page.
        exports: What else to write into each cell's folder, of `simnet.exports.KINDS`, e.g. `["csv", "pcap"]`.
        progress: Called with the cells done and the cells to run.

    Raises:
        InputError: An argument that is not as above, a key or a value that the scenario does not take, an unknown codec, or a
            folder that is no sweep's. A cell that fails ends nothing: see `SweepReport.failed`.
    """
    from simnet import store, sweeps
    from simnet.sweeps import grid
    from simnet.sweeps.sweep import Means

    name, swept, coders = str(scenario), dict(settings or {}), tuple(codecs)
    chosen = grid.first_seeds(name, swept, seeds) if isinstance(seeds, int) else seeds or ()
    means = Means(
        out=Path(out),
        store=store.default_folder() if cache is None else Path(cache),
        store_bytes=store.DEFAULT_LIMIT_BYTES if cache_bytes is None else cache_bytes,
        scheduler=scheduler,
        workers=workers,
        report=page,
        exports=tuple(exports),
        command=f"simnet.sweep({name!r}, {swept!r}, codecs={list(coders)!r}, seeds={list(chosen)!r}, out={str(out)!r})",
        progress=progress or (lambda _done, _total: None),
    )
    with _script_left_alone():
        done = sweeps.run(grid.Grid(name, swept, coders, tuple(chosen)), means)
    return SweepReport(done.folder)


@contextmanager
def _script_left_alone() -> Iterator[None]:
    """Hide where the script that sweeps is: a worker process would begin by running it, and sweep again itself.

    Whoever starts processes has to know Python's `if __name__ == "__main__"`; whoever sweeps need not.
    """
    main = sys.modules["__main__"]
    kept = {name: vars(main)[name] for name in ("__file__", "__spec__") if name in vars(main)}
    vars(main).pop("__file__", None)
    vars(main)["__spec__"] = None
    try:
        yield
    finally:
        vars(main).update(kept)
