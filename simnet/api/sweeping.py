"""Function that sweeps a scenario over a grid."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from simnet import code_files, compute_device
from simnet.api import validation
from simnet.api.reports import SweepReport

if TYPE_CHECKING:
    from collections.abc import Generator


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
    allow_code: validation.Switch = False,
    device: validation.Device = None,
) -> SweepReport:
    """Run a scenario at every point of a grid and return the report; cells that the folder already has are not run again.

    Args:
        scenario: A file, or a shipped scenario's name.
        settings: Values of keys of the scenario: `{"links.*.bandwidth": ["100 kbit/s", "1 Mbit/s"], "duration": "2 s"}`. A list,
            a range or a NumPy array is swept; any other value applies at every point. To set a single value that is a list,
            write a list in a list.
        out: The folder: a new one, or that of an earlier sweep, whose cells are kept.
        codecs: Codecs for all streams: `name`, `name+fuse` or `name=model`, one or a list; default: the scenario's own.
        seeds: The number of seeds, counted up from the scenario's seed, or a list of distinct seeds; None: only the scenario's.
        workers: The number of processes on this machine; None starts one for each processor.
        scheduler: A Dask scheduler's address, `tcp://host:port`, instead of `workers`.
        cache: The folder of the store of coded frames; None is the user's own folder, shared by all sweeps.
        cache_bytes: The maximum size of the store; None is 8 GB.
        page: Whether to write the page.
        exports: Additional formats to write into each cell's folder, from `simnet.exports.KINDS`, e.g. `["csv", "pcap"]`.
        progress: A function that is called with the number of finished cells and the total number of cells.
        allow_code: See `load`. Workers of a scheduler on other machines need SIMNET_ALLOW_CODE=1 in their environment.
        device: See `run`. Workers of a scheduler on other machines need SIMNET_DEVICE=cuda in their environment.

    Raises:
        InputError: An argument is invalid, the scenario does not accept a key or a value, a codec is unknown, or the folder is
            not a sweep's. A failed cell does not stop the sweep: see `SweepReport.failed`.
    """
    from simnet import store, sweeps
    from simnet.sweeps import grid
    from simnet.sweeps.sweep import SweepOptions

    name, swept, coders = str(scenario), dict(settings or {}), tuple(codecs)
    chosen = grid.first_seeds(name, swept, seeds) if isinstance(seeds, int) else seeds or ()
    options = SweepOptions(
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
    with _main_script_hidden(), code_files.permission(given=allow_code), compute_device.using(device):
        result = sweeps.run(grid.Grid(name, swept, coders, tuple(chosen)), options)
    return SweepReport(result.folder)


@contextmanager
def _main_script_hidden() -> Generator[None]:
    """Hide the main script from worker processes, which would otherwise run it and start the sweep again.

    A script that sweeps therefore needs no `if __name__ == "__main__"`.
    """
    main = sys.modules["__main__"]
    kept = {name: vars(main)[name] for name in ("__file__", "__spec__") if name in vars(main)}
    vars(main).pop("__file__", None)
    vars(main)["__spec__"] = None
    try:
        yield
    finally:
        vars(main).update(kept)
